#include "io/server_core.h"

#include <algorithm>

#include "io/session.h"

namespace latchkey::io {
namespace {

constexpr std::size_t kMostSpare = 64;

}  // namespace

Shard::Shard(boost::asio::io_context& on) : context(on) {}

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
