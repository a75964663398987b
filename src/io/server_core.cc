#include "io/server_core.h"

#include <algorithm>
#include <cstring>

#include "base/secret.h"
#include "io/session.h"

namespace latchkey::io {
namespace {

constexpr std::size_t kLeastBuffer = 4096;
// A spare workspace keeps its strings' room up to this, so that one large body does not stay for ever.
constexpr std::size_t kMostKept = 64 * 1024;
constexpr std::size_t kMostSpare = 64;

void wipe_text(std::string& text) {
  wipe(text.data(), text.size());
  text.clear();
  if (text.capacity() > kMostKept) text.shrink_to_fit();
}

}  // namespace

Workspace::Workspace(const HttpSettings& settings)
    : buffer(std::max(settings.max_header_bytes, kLeastBuffer)), parser(settings) {}

std::span<char> Workspace::room() {
  if (begin == end) begin = end = 0;
  if (end == buffer.size() && begin > 0) {
    std::memmove(buffer.data(), buffer.data() + begin, end - begin);
    wipe(buffer.data() + (end - begin), begin);
    end -= begin;
    begin = 0;
  }
  return std::span(buffer).subspan(end);
}

void Workspace::wipe_exchange(bool sensitive) {
  for (auto& header : request.headers) wipe(header.value.data(), header.value.size());
  request.headers.clear();
  wipe_text(request.target);
  wipe_text(request.body);
  request.method.clear();
  if (sensitive) {
    wipe_text(out);
  } else {
    out.clear();
    if (out.capacity() > kMostKept) out.shrink_to_fit();
  }
}

void Workspace::wipe_consumed() {
  wipe(buffer.data(), begin);
  if (begin == end) begin = end = 0;
}

void Workspace::drop_input() {
  wipe(buffer.data(), end);
  begin = end = 0;
}

Shard::~Shard() = default;

std::unique_ptr<Workspace> Shard::take_workspace(const HttpSettings& settings) {
  if (spare.empty()) return std::make_unique<Workspace>(settings);
  auto work = std::move(spare.back());
  spare.pop_back();
  return work;
}

void Shard::give_back(std::unique_ptr<Workspace> work) {
  if (!work) return;
  work->drop_input();
  work->wipe_exchange(false);
  if (spare.size() < kMostSpare) spare.push_back(std::move(work));
}

bool Tally::wait_for_none(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  return none_.wait_for(lock, most, [this] { return count_ == 0; });
}

long Tally::count() const {
  std::lock_guard lock(mutex_);
  return count_;
}

void Tally::add(long change) {
  std::lock_guard lock(mutex_);
  count_ += change;
  if (count_ == 0) none_.notify_all();
}

std::chrono::milliseconds sweep_interval(const HttpSettings& settings) {
  auto shortest = std::min({settings.tls_handshake_deadline, settings.header_deadline, settings.body_deadline,
                            settings.idle_deadline, settings.write_deadline, settings.linger_deadline});
  if (settings.handler_deadline.count() > 0) shortest = std::min(shortest, settings.handler_deadline);
  return std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(1000));
}

}  // namespace latchkey::io
