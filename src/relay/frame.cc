#include "relay/frame.h"

#include <limits>
#include <stdexcept>

namespace latchkey::relay {
namespace {

// More than that is given back when there is nothing in it.
constexpr std::size_t kKeptCapacity = 4096;

std::uint32_t length_at(std::string_view header) {
  std::uint32_t length = 0;
  for (const char byte : header.substr(1, 4)) length = length << 8 | static_cast<std::uint8_t>(byte);
  return length;
}

}  // namespace

void append_frame_header(std::string& out, FrameType type, std::size_t payload_bytes) {
  if (payload_bytes > std::numeric_limits<std::uint32_t>::max()) {
    throw std::length_error("the payload of a frame is too long");
  }
  const auto length = static_cast<std::uint32_t>(payload_bytes);
  out.push_back(static_cast<char>(type));
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(length >> shift & 0xff));
}

void append_frame(std::string& out, FrameType type, std::string_view payload) {
  append_frame_header(out, type, payload.size());
  out.append(payload);
}

void FrameReader::feed(std::string_view bytes) {
  if (broken_) return;
  drop_consumed();
  held_.append(bytes);
}

std::optional<Frame> FrameReader::next() {
  const auto rest = std::string_view(held_).substr(begin_);
  if (broken_ || rest.size() < kFrameHeader) {
    drop_consumed();
    return std::nullopt;
  }
  const std::size_t length = length_at(rest);
  if (length > most_) {
    broken_ = true;
    return std::nullopt;
  }
  if (rest.size() - kFrameHeader < length) return std::nullopt;
  begin_ += kFrameHeader + length;
  return Frame{static_cast<FrameType>(rest.front()), rest.substr(kFrameHeader, length)};
}

void FrameReader::drop_consumed() {
  held_.erase(0, begin_);
  begin_ = 0;
  if (held_.empty() && held_.capacity() > kKeptCapacity) std::string().swap(held_);
}

}  // namespace latchkey::relay
