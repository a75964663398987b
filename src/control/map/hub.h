// Where map streams meet changes: keeps a view of each tailnet that has streams, brings it up to date as the
// change feed tells, and wakes the streams.
//
// apply() and all else may be called from any thread; streams are woken on their own.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "control/map/frame.h"
#include "control/map/view.h"
#include "core/audit/change.h"
#include "io/awaitable.h"
#include "io/database.h"

namespace latchkey::io {
class Runtime;
}

namespace latchkey::control {

// One open map stream. Its functions are called on the thread that it was added from.
class ViewListener {
 public:
  virtual ~ViewListener() = default;
  virtual void view_changed(const ViewPtr& view) = 0;
  virtual void derp_map_changed() = 0;
};

class MapHub {
 public:
  MapHub(io::Runtime& runtime, io::Database& db, const Clock& clock, Log log, Metrics& metrics,
         std::string replica);
  ~MapHub();

  // For the commit hook and the feed: quick, never throws.
  void apply(std::span<const audit::Change> changes) noexcept;

  // A view that knows every change applied before the call. Null when there is no such tailnet.
  io::awaitable<ViewPtr> view(TailnetId tailnet);
  // Called, from any thread, with the node key of a device that may no longer take part: removed, expired,
  // not approved, or logged in with another key. Set it before the first stream.
  void on_departed(std::function<void(const std::string& node_key)> hook) { on_departed_ = std::move(hook); }
  // Brings a device in that this replica's feed may not have told of yet.
  void mark(const TailnetId& tailnet, const DeviceId& device);

  // From now until the token goes, the listener hears of every view after `since`, and the device counts as
  // connected. The first call comes at once when there is a newer one already.
  class Subscription;
  std::shared_ptr<Subscription> subscribe(const TailnetId& tailnet, const DeviceId& device,
                                          std::weak_ptr<ViewListener> listener, io::Executor executor,
                                          std::uint64_t since);

  // What every device is told of relays, as JSON. Set it before the first stream; later, streams hear of it.
  using DerpMapPtr = std::shared_ptr<const std::string>;
  void set_derp_map(std::string json);
  DerpMapPtr derp_map() const;

  FrameCache& frames() { return frames_; }
  const Clock& clock() const { return clock_; }
  const std::string& replica() const { return replica_; }
  std::size_t streams() const;

  // Notes all connections anew that nobody else holds: for a replica that was taken for gone.
  io::awaitable<Result<std::int64_t>> note_again();

  // One turn of the periodic work that says who has gone: a device without a stream for longer than the
  // grace.
  io::awaitable<Result<std::int64_t>> note_departures();

 private:
  struct Entry;
  struct Waiter;
  struct Connected {
    TailnetId tailnet;
    std::size_t streams = 0;
    // What the database says it is connected to: this replica and the how manieth time, so that a late
    // ending cannot undo a newer connection.
    std::string noted;
    std::chrono::steady_clock::time_point gone_since{};
  };

  std::shared_ptr<Entry> entry_of(const TailnetId& tailnet, bool make);
  void mark_dirty(const std::shared_ptr<Entry>& entry, View::Dirty dirty);
  io::awaitable<void> refresh(std::shared_ptr<Entry> entry);
  // False when there is no such tailnet.
  io::awaitable<bool> load_first(std::shared_ptr<Entry> entry);
  static void wake(const std::vector<std::shared_ptr<Waiter>>& waiters);
  io::awaitable<Result<ViewPtr>> read_view(TailnetId tailnet, ViewPtr before, View::Dirty dirty);
  void leave(const DeviceId& device);
  void tell_departed(const View& before, const View& after) const;
  void note_connected(const TailnetId& tailnet, const DeviceId& device, std::string connection);

  io::Runtime& runtime_;
  io::Database& db_;
  const Clock& clock_;
  Log log_;
  Gauge& streams_gauge_;
  Counter& refreshes_;
  const std::string replica_;
  FrameCache frames_;
  std::function<void(const std::string&)> on_departed_;
  mutable std::mutex mutex_;
  DerpMapPtr derp_map_ = std::make_shared<const std::string>("{}");
  std::map<TailnetId, std::shared_ptr<Entry>> entries_;
  std::map<DeviceId, Connected> connected_;
  std::uint64_t connections_ = 0;
};

}  // namespace latchkey::control
