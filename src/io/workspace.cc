#include "io/workspace.h"

#include <algorithm>
#include <cstring>

#include "base/secret.h"

namespace latchkey::io {
namespace {

constexpr std::size_t kLeastBuffer = 4096;
// A spare workspace keeps its strings' room up to this, so that one large body does not stay for ever.
constexpr std::size_t kMostKept = 64 * 1024;

void wipe_text(std::string& text) {
  wipe(text.data(), text.size());
  text.clear();
  if (text.capacity() > kMostKept) text.shrink_to_fit();
}

}  // namespace

Workspace::Workspace(const HttpSettings& settings)
    : buffer(std::max(settings.max_header_bytes, kLeastBuffer)), parser(settings) {}

std::span<char> Workspace::room() {
  if (begin == end) drop_input();
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

}  // namespace latchkey::io
