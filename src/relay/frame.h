// Frames of the DERP protocol: one byte of type, four bytes of length (big-endian), and so many bytes more.
// Bytes in, bytes out; nothing here knows sockets, keys or what a frame means (derp_messages.h does).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace latchkey::relay {

// On the wire. Frames between relays (forwarding, watching) are left out: this relay has no others.
enum class FrameType : std::uint8_t {
  server_key = 0x01,
  client_info = 0x02,
  server_info = 0x03,
  send_packet = 0x04,
  recv_packet = 0x05,
  keep_alive = 0x06,
  note_preferred = 0x07,
  peer_gone = 0x08,
  ping = 0x12,
  pong = 0x13,
  health = 0x14,
  restarting = 0x15,
};

inline constexpr std::size_t kFrameHeader = 5;
inline constexpr std::size_t kMostPacketBytes = 64 * 1024;

struct Frame {
  FrameType type;  // may be none of the above: newer clients send frames that older relays pass over
  std::string_view payload;
};

// Throws std::length_error when the payload has more bytes than a length can say.
void append_frame(std::string& out, FrameType type, std::string_view payload);
void append_frame_header(std::string& out, FrameType type, std::size_t payload_bytes);

// Cuts a stream of bytes into frames.
//
//   reader.feed(bytes);
//   while (auto frame = reader.next()) ...
//   if (reader.broken()) ...                  // the peer announced a frame over the limit
//
// Holds at most one unfinished frame and what was fed since; holds no memory while there is none.
class FrameReader {
 public:
  explicit FrameReader(std::size_t most_payload_bytes) : most_(most_payload_bytes) {}

  // For frames that are not yet begun.
  void allow(std::size_t most_payload_bytes) { most_ = most_payload_bytes; }

  void feed(std::string_view bytes);
  // The payload is valid until the next call of feed() or next().
  std::optional<Frame> next();
  bool broken() const { return broken_; }

 private:
  void drop_consumed();

  std::size_t most_;
  std::string held_;
  std::size_t begin_ = 0;  // of what is not yet consumed
  bool broken_ = false;
};

}  // namespace latchkey::relay
