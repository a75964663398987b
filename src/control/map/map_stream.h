// One long poll of a device: the whole map, then what changes, until one of the two goes.
//
// Belongs to the thread of its connection. A device that reads slowly is told less often: each message is the
// difference between what it was told last and the newest view, so nothing piles up.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "control/map/hub.h"
#include "control/map/map_message.h"
#include "io/http2_session.h"

namespace latchkey::control {

class MapStream final : public ViewListener, public std::enable_shared_from_this<MapStream> {
 public:
  using Clock = std::chrono::steady_clock;

  MapStream(MapHub& hub, std::shared_ptr<io::Http2Stream> stream, DeviceId device, std::string node_key,
            bool compress);

  // Sends the first message and begins to listen.
  void start(const ViewPtr& view, io::Executor executor);
  void view_changed(const ViewPtr& view) override;
  void derp_map_changed() override;

  // When at_due() shall be called: a keep-alive, or another look at a device that lags behind.
  Clock::time_point due() const { return due_; }
  void at_due();
  // Ends it in order.
  void finish();
  bool is_open() const { return stream_->is_open(); }
  const DeviceId& device() const { return device_; }

 private:
  void tell_whole(const View& view, const Node& self);
  void tell(const std::string& message, bool shared);
  bool lags() const { return newest_ != told_view_ || hub_.derp_map() != derp_map_; }
  void catch_up();

  MapHub& hub_;
  MapHub::DerpMapPtr derp_map_;  // as it was told
  std::shared_ptr<io::Http2Stream> stream_;
  DeviceId device_;
  std::string node_key_;
  bool compress_;
  ViewPtr told_view_;
  ViewPtr newest_;
  Clock::time_point due_ = Clock::time_point::max();
  std::shared_ptr<MapHub::Subscription> subscription_;
};

}  // namespace latchkey::control
