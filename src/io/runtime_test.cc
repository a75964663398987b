#include "io/runtime.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "io/server_under_test.h"

namespace latchkey::io {
namespace {

using std::chrono::milliseconds;

awaitable<void> tell_thread(std::promise<std::thread::id>& promise) {
  co_await sleep_for(milliseconds(1));
  promise.set_value(std::this_thread::get_id());
}

TEST(Runtime, RunsTasksOfOneContextOnOneThread) {
  Runtime runtime(2, quiet_log());
  runtime.start();
  std::array<std::promise<std::thread::id>, 4> told;
  for (std::size_t i = 0; i < told.size(); ++i) {
    runtime.spawn_on(i % 2, "tell", [&promise = told[i]] { return tell_thread(promise); });
  }
  std::array<std::thread::id, 4> threads;
  for (std::size_t i = 0; i < told.size(); ++i) threads[i] = told[i].get_future().get();
  EXPECT_TRUE(threads[0] == threads[2]);
  EXPECT_TRUE(threads[1] == threads[3]);
  EXPECT_FALSE(threads[0] == threads[1]);
}

TEST(Runtime, HasAtLeastOneThread) {
  EXPECT_GE(Runtime(0, quiet_log()).size(), 1U);
}

TEST(Runtime, BeginsWithStartWhatWasSpawnedBefore) {
  Runtime runtime(1, quiet_log());
  std::promise<std::thread::id> told;
  runtime.spawn("tell", [&] { return tell_thread(told); });
  runtime.start();
  EXPECT_FALSE(told.get_future().get() == std::this_thread::get_id());
}

awaitable<void> wait_for_ever(std::atomic<bool>& begun, std::atomic<bool>& ended) {
  begun = true;
  try {
    co_await sleep_for(std::chrono::hours(1));
  } catch (const std::exception&) {
    ended = true;
    throw;
  }
}

TEST(Runtime, CancelsItsTasksWhenStopped) {
  LogLines lines;
  Runtime runtime(2, lines.log());
  runtime.start();
  std::atomic<bool> begun{false};
  std::atomic<bool> ended{false};
  runtime.spawn("patient", [&] { return wait_for_ever(begun, ended); });
  while (!begun) std::this_thread::yield();
  runtime.stop();
  EXPECT_TRUE(ended);
  EXPECT_FALSE(lines.has("patient"));
  EXPECT_FALSE(runtime.running());
  runtime.stop();
}

awaitable<void> fail() {
  co_await sleep_for(milliseconds(1));
  throw std::runtime_error("no more paper");
}

TEST(Runtime, LogsATaskThatFailsAndGoesOn) {
  LogLines lines;
  Runtime runtime(1, lines.log());
  runtime.start();
  runtime.spawn("printer", fail);
  while (!lines.has("no more paper")) std::this_thread::yield();
  EXPECT_TRUE(lines.has("printer"));
  std::promise<std::thread::id> told;
  runtime.spawn("tell", [&] { return tell_thread(told); });
  told.get_future().get();
}

TEST(Runtime, DropsTasksAfterStop) {
  Runtime runtime(1, quiet_log());
  runtime.start();
  runtime.stop();
  runtime.spawn("late", fail);
}

TEST(Runtime, CanEndWithoutHavingStarted) {
  Runtime runtime(1, quiet_log());
  runtime.spawn("never", fail);
}

}  // namespace
}  // namespace latchkey::io
