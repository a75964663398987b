#include "control/map/map_stream.h"

#include "crypto/random.h"

namespace latchkey::control {
namespace {

// Clients give a silent stream up after 120 seconds. The spread keeps devices that connected together apart.
constexpr seconds kKeepAliveEvery{50};
constexpr std::uint64_t kSpreadSeconds = 9;
// When a device that reads slowly is looked at again.
constexpr milliseconds kLagging{500};

MapStream::Clock::time_point next_keep_alive() {
  const auto spread = static_cast<std::int64_t>(crypto::random_bits() % (kSpreadSeconds * 1000));
  return MapStream::Clock::now() + kKeepAliveEvery + milliseconds(spread);
}

}  // namespace

MapStream::MapStream(MapHub& hub, std::shared_ptr<io::Http2Stream> stream, DeviceId device,
                     std::string node_key, bool compress)
    : hub_(hub),
      derp_map_(hub.derp_map()),
      stream_(std::move(stream)),
      device_(std::move(device)),
      node_key_(std::move(node_key)),
      compress_(compress) {}

void MapStream::start(const ViewPtr& view, io::Executor executor) {
  const auto* self = view->find(device_);
  if (!self) return stream_->finish();
  told_view_ = newest_ = view;
  stream_->begin(200, "application/octet-stream");
  tell_whole(*view, *self);
  subscription_ = hub_.subscribe(view->tailnet(), device_, weak_from_this(), executor, view->version());
  // Ends the subscription with the stream, whoever still holds this.
  stream_->on_close([weak = weak_from_this()] {
    if (const auto self_held = weak.lock()) self_held->subscription_.reset();
  });
}

void MapStream::view_changed(const ViewPtr& view) {
  if (!stream_->is_open() || view->version() <= newest_->version()) return;
  newest_ = view;
  catch_up();
  if (lags()) due_ = std::min(due_, Clock::now() + kLagging);
}

void MapStream::derp_map_changed() {
  if (!stream_->is_open()) return;
  catch_up();
  if (lags()) due_ = std::min(due_, Clock::now() + kLagging);
}

void MapStream::catch_up() {
  if (stream_->unsent() > 0) return;
  if (auto current = hub_.derp_map(); current != derp_map_) {
    derp_map_ = std::move(current);
    tell(derp_map_only(*derp_map_), true);
  }
  if (newest_ == told_view_ || stream_->unsent() > 0) return;
  const auto* before = told_view_->find(device_);
  const auto* after = newest_->find(device_);
  if (!after || after->device.node_key != node_key_) {
    // Removed, or logged in anew with another node key, which has a stream of its own.
    if (!after) tell(farewell(*before, hub_.clock().now()), false);
    told_view_ = newest_;
    return finish();
  }
  const auto message = map_delta(*told_view_, *newest_, *before, *after);
  told_view_ = newest_;
  if (!message.empty()) tell(message, true);
}

void MapStream::tell_whole(const View& view, const Node& self) {
  const auto now = hub_.clock().now();
  if (compress_) {
    stream_->push(packed_whole_map(view, self, *derp_map_, now));
  } else {
    stream_->push(make_frame(whole_map(view, self, *derp_map_, now), false));
  }
  due_ = next_keep_alive();
}

void MapStream::tell(const std::string& message, bool shared) {
  stream_->push(shared && compress_ ? hub_.frames().frame_of(message) : make_frame(message, compress_));
  due_ = next_keep_alive();
}

void MapStream::at_due() {
  if (lags()) {
    catch_up();
    if (lags()) due_ = Clock::now() + kLagging;
    return;
  }
  static const FramePtr packed = make_frame(kKeepAlive, true);
  stream_->push(compress_ ? packed : make_frame(kKeepAlive, false));
  due_ = next_keep_alive();
}

void MapStream::finish() {
  subscription_.reset();
  due_ = Clock::time_point::max();
  stream_->finish();
}

}  // namespace latchkey::control
