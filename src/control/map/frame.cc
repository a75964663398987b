#include "control/map/frame.h"

#include <zstd.h>

#include <stdexcept>

namespace latchkey::control {
namespace {

constexpr std::size_t kMostCachedBytes = 4 * 1024 * 1024;
// When many devices come at once, so do the changes that all others hear of.
constexpr std::size_t kMostSharedMessage = 1024 * 1024;
constexpr int kFastest = 1;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

void set_length(std::string& out, std::size_t length) {
  for (int i = 0; i < 4; ++i) out[static_cast<std::size_t>(i)] = static_cast<char>(length >> (8 * i));
}

void append_packed(std::string& out, std::string_view text, bool with_size) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (!context) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kFastest);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, with_size ? 1 : 0);
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  const auto size = ZSTD_compress2(context.get(), packed.data(), packed.size(), text.data(), text.size());
  if (ZSTD_isError(size)) throw std::runtime_error(std::string("zstd: ") + ZSTD_getErrorName(size));
  out.append(packed, 0, size);
}

}  // namespace

FramePtr make_frame(std::string_view message, bool compress) {
  auto frame = std::make_shared<std::string>(4, '\0');
  if (!compress) {
    frame->append(message);
  } else {
    append_packed(*frame, message, true);
  }
  set_length(*frame, frame->size() - 4);
  return frame;
}

std::string compressed(std::string_view text) {
  std::string frame;
  append_packed(frame, text, false);
  return frame;
}

std::vector<FramePtr> message_of(std::string first, std::vector<FramePtr> others) {
  std::size_t length = first.size();
  for (const auto& other : others) length += other->size();
  first.insert(0, 4, '\0');
  set_length(first, length);
  others.insert(others.begin(), std::make_shared<const std::string>(std::move(first)));
  return others;
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
