#include "control/map/frame.h"

#include <zstd.h>

#include <stdexcept>

namespace latchkey::control {
namespace {

constexpr std::size_t kMostCachedBytes = 1024 * 1024;
// Larger messages are whole maps, which no two devices share.
constexpr std::size_t kMostSharedMessage = 64 * 1024;
constexpr int kFastest = 1;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

void append_length(std::string& out, std::size_t length) {
  for (int i = 0; i < 4; ++i) out[static_cast<std::size_t>(i)] = static_cast<char>(length >> (8 * i));
}

}  // namespace

FramePtr make_frame(std::string_view message, bool compress) {
  auto frame = std::make_shared<std::string>(4, '\0');
  if (!compress) {
    frame->append(message);
    append_length(*frame, message.size());
    return frame;
  }
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (!context) throw std::bad_alloc();
  std::string packed(ZSTD_compressBound(message.size()), '\0');
  const auto size = ZSTD_compressCCtx(context.get(), packed.data(), packed.size(), message.data(),
                                      message.size(), kFastest);
  if (ZSTD_isError(size)) throw std::runtime_error(std::string("zstd: ") + ZSTD_getErrorName(size));
  frame->append(packed, 0, size);
  append_length(*frame, size);
  return frame;
}

FramePtr FrameCache::frame_of(const std::string& message) {
  if (message.size() > kMostSharedMessage) return make_frame(message, true);
  {
    const std::lock_guard lock(mutex_);
    const auto found = frames_.find(message);
    if (found != frames_.end()) return found->second;
  }
  auto frame = make_frame(message, true);
  const std::lock_guard lock(mutex_);
  if (bytes_ > kMostCachedBytes) {
    frames_.clear();
    bytes_ = 0;
  }
  bytes_ += message.size() + frame->size();
  frames_.emplace(message, frame);
  return frame;
}

}  // namespace latchkey::control
