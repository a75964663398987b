// Hands what happened, on this replica and on others, to whoever reacts: in commit order, none left out.
//
// Reads the table `changes` behind a cursor that starts at the newest entry. A plain cursor is right on both
// engines: a transaction takes its positions by updating feed_head and keeps that row locked until its
// COMMIT, so no reader sees a position before a smaller one (docs/decisions/0004-change-feed.md).
//
// Delivery is at least once: when a subscriber throws, the batch is handed to all of them again. A lost
// connection is replaced and the cursor kept. Between the loss and that moment nothing is delivered, so what
// must not be served from an old cache asks fresh_within() first.
//
// subscribe() before start(); everything else from any thread. Subscribers run on the feed's own thread, one
// batch at a time, and must outlive stop().
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/log.h"
#include "core/audit/change.h"
#include "storage/driver/driver.h"

namespace latchkey::storage {

inline constexpr std::size_t kFeedBatch = 512;
// The longest time for which a lost notification goes unnoticed.
inline constexpr std::chrono::milliseconds kFeedPoll{250};

class ChangeFeed {
 public:
  using Subscriber = std::function<void(std::span<const audit::Change>)>;

  // The driver must outlive the feed.
  ChangeFeed(Driver& driver, Log log);
  ~ChangeFeed();

  void subscribe(Subscriber subscriber);
  // Delivers everything that is committed after start() returned. Throws DatabaseError when it cannot
  // connect.
  void start();
  // Idempotent. A batch in delivery is finished. A stopped feed does not start again.
  void stop();

  // Looks for news at once instead of at the next poll. Cheap.
  void wake();

  // Whether everything committed until that long ago has been delivered.
  bool fresh_within(std::chrono::milliseconds age) const;
  // The newest entry delivered.
  std::int64_t position() const noexcept { return position_.load(); }

 private:
  class WakeUp;

  void run();
  void take_turn();
  void deliver_news(Connection& connection);

  Driver& driver_;
  Log log_;
  std::unique_ptr<WakeUp> wake_up_;
  std::vector<Subscriber> subscribers_;
  std::unique_ptr<Connection> connection_;
  std::atomic<std::int64_t> position_{0};
  std::atomic<std::chrono::steady_clock::rep> caught_up_{0};
  std::atomic<bool> stopping_{false};
  std::mutex joining_;
  std::thread thread_;
};

}  // namespace latchkey::storage
