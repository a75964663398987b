#include "control/map/hub.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <tuple>

#include "core/join/session.h"
#include "core/tailnet/device_store.h"
#include "io/runtime.h"

namespace latchkey::control {
namespace {

using audit::ChangeKind;
using std::chrono::steady_clock;

// Changes that come together are told together. While they go on coming, telling each stream is what costs:
// then they are gathered for longer the more streams there are.
constexpr milliseconds kGather{20};
constexpr std::chrono::microseconds kGatherEachStream{25};
constexpr milliseconds kMostGather{250};
// Waiting for a view is ended by the refresh that makes it; this is for refreshes that end otherwise.
constexpr milliseconds kMostWaitForView{200};
// A device that lost its connection usually has another one within seconds.
constexpr seconds kOfflineGrace{10};
constexpr milliseconds kRetryRefresh{500};

enum class Concerns { nothing, device, everything };

Concerns concerns(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::device_joined:
    case ChangeKind::device_updated:
    case ChangeKind::device_reported:
    case ChangeKind::device_connected:
    case ChangeKind::device_removed:
      return Concerns::device;
    case ChangeKind::policy_updated:
    case ChangeKind::settings_updated:
    case ChangeKind::dns_updated:
    case ChangeKind::user_updated:
    case ChangeKind::user_deleted:
    case ChangeKind::group_updated:
      return Concerns::everything;
    case ChangeKind::login_completed:
    case ChangeKind::user_created:
    case ChangeKind::user_invite_updated:
    case ChangeKind::tailnet_created:
    case ChangeKind::credential_created:
    case ChangeKind::credential_updated:
    case ChangeKind::access_token_minted:
    case ChangeKind::credential_used_up:
    case ChangeKind::credential_expired:
    case ChangeKind::credential_revoked:
    case ChangeKind::posture_updated:
    case ChangeKind::logstream_updated:
    case ChangeKind::service_updated:
    case ChangeKind::webhook_created:
    case ChangeKind::webhook_updated:
    case ChangeKind::webhook_deleted:
    case ChangeKind::sign_on_provider_updated:
    case ChangeKind::identity_linked:
    case ChangeKind::session_started:
    case ChangeKind::session_ended:
    case ChangeKind::provisioning_updated:
    case ChangeKind::webhook_test_requested:
    case ChangeKind::webhook_failing:
    case ChangeKind::credential_expiring_in_one_week:
    case ChangeKind::credential_expiring_in_one_day:
    case ChangeKind::credential_first_used:
    case ChangeKind::credential_used_after_silence:
    case ChangeKind::credential_refused_repeatedly:
    case ChangeKind::credential_leaked:
    case ChangeKind::device_key_expiring_in_one_week:
    case ChangeKind::device_key_expiring_in_one_day:
    case ChangeKind::device_forwarding_off:
      return Concerns::nothing;
  }
  return Concerns::everything;
}

}  // namespace

// Somebody who waits for a view. Belongs to the thread of its coroutine.
struct MapHub::Waiter {
  using WaitClock = steady_clock;
  explicit Waiter(const io::Executor& on) : executor(on), timer(on) {}
  io::Executor executor;
  boost::asio::basic_waitable_timer<WaitClock, boost::asio::wait_traits<WaitClock>, io::Executor> timer;
};

struct MapHub::Entry {
  TailnetId tailnet;
  std::mutex mutex;
  ViewPtr current;
  View::Dirty dirty;
  // Changes so far, and how many of them `current` knows.
  std::uint64_t changes = 0;
  std::uint64_t known = 0;
  bool loading = false;
  bool refreshing = false;
  bool missing = false;  // there is no such tailnet
  struct Member {
    std::weak_ptr<ViewListener> listener;
    io::Executor executor;
  };
  std::map<const void*, Member> members;
  std::vector<std::shared_ptr<Waiter>> waiters;
};

class MapHub::Subscription {
 public:
  Subscription(MapHub& hub, std::shared_ptr<Entry> entry, DeviceId device)
      : hub_(hub), entry_(std::move(entry)), device_(std::move(device)) {}
  Subscription(const Subscription&) = delete;
  ~Subscription() {
    {
      const std::lock_guard lock(entry_->mutex);
      entry_->members.erase(this);
    }
    hub_.leave(device_);
  }

 private:
  MapHub& hub_;
  std::shared_ptr<Entry> entry_;
  DeviceId device_;
};

MapHub::MapHub(io::Runtime& runtime, io::Database& db, const Clock& clock, Log log, Metrics& metrics,
               std::string replica)
    : runtime_(runtime),
      db_(db),
      clock_(clock),
      log_(std::move(log)),
      streams_gauge_(metrics.gauge("latchkey_map_streams", "Devices that hold a map stream open here")),
      refreshes_(metrics.counter("latchkey_map_refreshes_total", "Times that a tailnet's map was made anew")),
      replica_(std::move(replica)) {}

MapHub::~MapHub() = default;

std::shared_ptr<MapHub::Entry> MapHub::entry_of(const TailnetId& tailnet, bool make) {
  const std::lock_guard lock(mutex_);
  auto& entry = entries_[tailnet];
  if (!entry && make) {
    entry = std::make_shared<Entry>();
    entry->tailnet = tailnet;
  }
  if (!entry) {
    entries_.erase(tailnet);
    return nullptr;
  }
  return entry;
}

void MapHub::apply(std::span<const audit::Change> changes) noexcept {
  try {
    std::map<TailnetId, View::Dirty> dirty;
    for (const auto& change : changes) {
      const auto what = concerns(change.kind);
      if (what == Concerns::nothing) continue;
      auto& own = dirty[change.tailnet];
      if (what == Concerns::everything) {
        own.all = true;
      } else {
        own.devices.insert(DeviceId(change.subject));
      }
    }
    for (auto& [tailnet, what] : dirty) {
      if (const auto entry = entry_of(tailnet, false)) mark_dirty(entry, std::move(what));
    }
  } catch (const std::exception& failed) {
    // Streams that miss a change would go on with what they know; better that nobody goes on.
    log_.error("a change did not reach the map", {{"reason", failed.what()}});
    std::terminate();
  }
}

void MapHub::mark(const TailnetId& tailnet, const DeviceId& device) {
  View::Dirty dirty;
  dirty.devices.insert(device);
  if (const auto entry = entry_of(tailnet, false)) mark_dirty(entry, std::move(dirty));
}

void MapHub::mark_dirty(const std::shared_ptr<Entry>& entry, View::Dirty dirty) {
  {
    const std::lock_guard lock(entry->mutex);
    entry->dirty.merge(std::move(dirty));
    ++entry->changes;
    // Before the first view is there, loading takes care of it.
    if (!entry->current || entry->refreshing) return;
    entry->refreshing = true;
  }
  runtime_.spawn("refresh a map", [this, entry] { return refresh(entry); });
}

io::awaitable<Result<ViewPtr>> MapHub::read_view(TailnetId tailnet, ViewPtr before, View::Dirty dirty) {
  auto read = [tailnet = std::move(tailnet), before = std::move(before), dirty = std::move(dirty),
               now = clock_.now()](core::Tx& tx) -> Result<ViewPtr> {
    return before ? View::refresh(tx, before, dirty, now) : View::load(tx, tailnet, 1, now);
  };
  co_return co_await db_.read(std::move(read));
}

io::awaitable<void> MapHub::refresh(std::shared_ptr<Entry> entry) {
  for (auto gather = kGather;;) {
    co_await io::sleep_for(gather);
    ViewPtr before;
    View::Dirty dirty;
    std::uint64_t changes = 0;
    {
      const std::lock_guard lock(entry->mutex);
      before = entry->current;
      dirty = std::exchange(entry->dirty, {});
      changes = entry->changes;
    }
    auto again = dirty;
    Result<ViewPtr> fresh = unavailable("not read");
    std::string failure;
    try {
      auto reading = read_view(entry->tailnet, before, std::move(dirty));
      fresh = co_await std::move(reading);
      if (!fresh) failure = fresh.error().message;
    } catch (const boost::system::system_error&) {
      throw;  // the server stops
    } catch (const std::exception& failed) {
      failure = failed.what();
    }
    if (!fresh) {
      log_.warn("a map could not be made anew; trying again", {{"reason", failure}});
      {
        const std::lock_guard lock(entry->mutex);
        entry->dirty.merge(std::move(again));
      }
      co_await io::sleep_for(kRetryRefresh);
      continue;
    }
    refreshes_.add();
    tell_departed(*before, **fresh);
    std::vector<Entry::Member> members;
    std::vector<std::shared_ptr<Waiter>> waiters;
    {
      const std::lock_guard lock(entry->mutex);
      entry->current = *fresh;
      entry->known = changes;
      waiters.swap(entry->waiters);
      if (*fresh != before) {
        for (const auto& [key, member] : entry->members) members.push_back(member);
      }
    }
    wake(waiters);
    for (auto& member : members) {
      auto tell = [listener = member.listener, view = *fresh] {
        if (const auto held = listener.lock()) held->view_changed(view);
      };
      boost::asio::post(member.executor, std::move(tell));
    }
    const std::lock_guard lock(entry->mutex);
    if (entry->dirty.empty()) {
      entry->refreshing = false;
      co_return;
    }
    const auto longer = duration_cast<milliseconds>(kGatherEachStream * entry->members.size());
    gather = std::clamp(longer, kGather, kMostGather);
  }
}

void MapHub::wake(const std::vector<std::shared_ptr<Waiter>>& waiters) {
  for (const auto& waiter : waiters) {
    boost::asio::post(waiter->executor, [waiter] { waiter->timer.cancel(); });
  }
}

void MapHub::tell_departed(const View& before, const View& after) const {
  if (!on_departed_) return;
  const auto look_at = [&](const Node* was) {
    if (!was || !was->takes_part || was->key_expired) return;
    const auto* is = after.find(was->device.number);
    if (!is || !is->takes_part || is->key_expired || is->device.node_key != was->device.node_key) {
      on_departed_(was->device.node_key);
    }
  };
  if (const auto numbers = after.changed_since(before.version())) {
    for (const auto number : *numbers) look_at(before.find(number));
  } else {
    for (const auto& was : before.nodes()) look_at(was.get());
  }
}

io::awaitable<ViewPtr> MapHub::view(TailnetId tailnet) {
  const auto entry = entry_of(tailnet, true);
  const auto executor = co_await boost::asio::this_coro::executor;
  std::optional<std::uint64_t> wanted;
  for (;;) {
    std::shared_ptr<Waiter> waiter;
    {
      const std::lock_guard lock(entry->mutex);
      if (!wanted) wanted = entry->changes;
      if (entry->current && entry->known >= *wanted) co_return entry->current;
      if (!entry->current && !entry->loading) {
        entry->loading = true;
      } else {
        waiter = std::make_shared<Waiter>(executor);
        waiter->timer.expires_after(kMostWaitForView);
        entry->waiters.push_back(waiter);
      }
    }
    if (waiter) {
      boost::system::error_code ignored;  // cancelled when it is woken
      const boost::asio::use_awaitable_t<io::Executor> awaiting;
      co_await waiter->timer.async_wait(boost::asio::redirect_error(awaiting, ignored));
      continue;
    }
    auto loading = load_first(entry);
    if (!co_await std::move(loading)) co_return nullptr;
  }
}

io::awaitable<bool> MapHub::load_first(std::shared_ptr<Entry> entry) {
  // What happens while this reads is kept in `dirty`, and read again after it.
  Result<ViewPtr> first = unavailable("not read");
  std::exception_ptr failure;
  std::uint64_t changes = 0;
  {
    const std::lock_guard lock(entry->mutex);
    changes = entry->changes;
  }
  try {
    auto reading = read_view(entry->tailnet, nullptr, {});
    first = co_await std::move(reading);
  } catch (...) {
    failure = std::current_exception();
  }
  bool refresh_too = false;
  std::vector<std::shared_ptr<Waiter>> waiters;
  {
    const std::lock_guard lock(entry->mutex);
    entry->loading = false;
    waiters.swap(entry->waiters);
    if (first && *first) {
      entry->current = *first;
      entry->known = changes;
      refresh_too = entry->refreshing = !entry->dirty.empty();
    }
  }
  wake(waiters);
  if (failure) std::rethrow_exception(failure);
  if (refresh_too) runtime_.spawn("refresh a map", [this, entry] { return refresh(entry); });
  co_return first && *first;
}

std::shared_ptr<MapHub::Subscription> MapHub::subscribe(const TailnetId& tailnet, const DeviceId& device,
                                                        std::weak_ptr<ViewListener> listener,
                                                        io::Executor executor, std::uint64_t since) {
  const auto entry = entry_of(tailnet, true);
  auto subscription = std::make_shared<Subscription>(*this, entry, device);
  ViewPtr newer;
  {
    const std::lock_guard lock(entry->mutex);
    entry->members.insert_or_assign(subscription.get(), Entry::Member{listener, executor});
    if (entry->current && entry->current->version() > since) newer = entry->current;
  }
  std::string connection;
  {
    const std::lock_guard lock(mutex_);
    auto& connected = connected_[device];
    connected.tailnet = tailnet;
    ++connected.streams;
    if (connected.noted.empty()) {
      connected.noted = connection = replica_ + "." + std::to_string(++connections_);
    }
    streams_gauge_.set(static_cast<double>(connected_.size()));
  }
  if (!connection.empty()) note_connected(tailnet, device, std::move(connection));
  if (newer) {
    auto tell = [listener, newer] {
      if (const auto held = listener.lock()) held->view_changed(newer);
    };
    boost::asio::post(executor, std::move(tell));
  }
  return subscription;
}

void MapHub::leave(const DeviceId& device) {
  const std::lock_guard lock(mutex_);
  const auto found = connected_.find(device);
  if (found == connected_.end() || --found->second.streams > 0) return;
  found->second.gone_since = steady_clock::now();
}

void MapHub::set_derp_map(std::string json) {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    const std::lock_guard lock(mutex_);
    derp_map_ = std::make_shared<const std::string>(std::move(json));
    for (const auto& [tailnet, entry] : entries_) entries.push_back(entry);
  }
  for (const auto& entry : entries) {
    const std::lock_guard lock(entry->mutex);
    for (const auto& [key, member] : entry->members) {
      boost::asio::post(member.executor, [listener = member.listener] {
        if (const auto held = listener.lock()) held->derp_map_changed();
      });
    }
  }
}

MapHub::DerpMapPtr MapHub::derp_map() const {
  const std::lock_guard lock(mutex_);
  return derp_map_;
}

std::size_t MapHub::streams() const {
  const std::lock_guard lock(mutex_);
  return connected_.size();
}

void MapHub::note_connected(const TailnetId& tailnet, const DeviceId& device, std::string connection) {
  runtime_.spawn("note a connected device", [this, tailnet, device, connection]() -> io::awaitable<void> {
    auto write = [tailnet, device, connection, now = clock_.now()](core::Tx& tx) -> Result<bool> {
      const audit::Change change{ChangeKind::device_connected, tailnet, device.str(), 0, now};
      return tx.devices().set_connected(tailnet, device, connection, {}, now, change);
    };
    const auto written = co_await db_.write(std::move(write));
    if (!written) log_.warn("a connection was not noted", {{"reason", written.error().message}});
  });
}

io::awaitable<Result<std::int64_t>> MapHub::note_again() {
  std::vector<std::tuple<TailnetId, DeviceId, std::string>> held;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [device, connected] : connected_) {
      if (connected.streams > 0) held.emplace_back(connected.tailnet, device, connected.noted);
    }
  }
  const auto count = static_cast<std::int64_t>(held.size());
  auto write = [held = std::move(held), now = clock_.now()](core::Tx& tx) -> Result<void> {
    for (const auto& [tailnet, device, connection] : held) {
      join::connect_again(tx, tailnet, device, connection, now);
    }
    return {};
  };
  CO_TRY(co_await db_.write(std::move(write)));
  co_return count;
}

io::awaitable<Result<std::int64_t>> MapHub::note_departures() {
  struct Departure {
    TailnetId tailnet;
    DeviceId device;
    std::string connection;
  };
  std::vector<Departure> gone;
  {
    const std::lock_guard lock(mutex_);
    const auto limit = steady_clock::now() - kOfflineGrace;
    for (auto at = connected_.begin(); at != connected_.end();) {
      if (at->second.streams == 0 && at->second.gone_since <= limit) {
        gone.push_back({at->second.tailnet, at->first, at->second.noted});
        at = connected_.erase(at);
      } else {
        ++at;
      }
    }
    streams_gauge_.set(static_cast<double>(connected_.size()));
  }
  if (gone.empty()) co_return std::int64_t{0};
  const auto count = static_cast<std::int64_t>(gone.size());
  auto write = [gone = std::move(gone), now = clock_.now()](core::Tx& tx) -> Result<std::int64_t> {
    for (const auto& [tailnet, device, connection] : gone) {
      const audit::Change change{ChangeKind::device_connected, tailnet, device.str(), 0, now};
      tx.devices().set_connected(tailnet, device, {}, connection, now, change);
    }
    return static_cast<std::int64_t>(gone.size());
  };
  CO_TRY(const auto noted, co_await db_.write(std::move(write)));
  static_cast<void>(noted);
  co_return count;
}

}  // namespace latchkey::control
