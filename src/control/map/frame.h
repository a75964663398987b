// One message of a map stream as it goes over the wire: four bytes of length, little-endian, and one whole
// zstd frame (or plain JSON for a client that did not ask for compression).
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace latchkey::control {

using FramePtr = std::shared_ptr<const std::string>;

FramePtr make_frame(std::string_view message, bool compress);

// A part of a message as a zstd frame of its own. Decoders take frames that follow each other for one text
// (RFC 8878 section 3); the frame tells no size, since clients would make room for one frame at a time.
std::string compressed(std::string_view text);
// The pieces, which follow each other, as one message: the first begins with the length of all.
std::vector<FramePtr> message_of(std::string first, std::vector<FramePtr> others);

// The same bytes for every stream that needs the same message at about the same time: a change that many
// devices see is compressed once. Any thread.
class FrameCache {
 public:
  FramePtr frame_of(const std::string& message);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, FramePtr> frames_;
  std::size_t bytes_ = 0;
};

}  // namespace latchkey::control
