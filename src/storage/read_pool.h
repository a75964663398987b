// Reader threads, each with a read-only connection of its own. A job sees one snapshot from begin to end.
//
// A write through a reader throws: the engine refuses the statement, and what a job only announced (records
// or feed entries without a statement) fails it at the end.
//
// submit() is safe from any thread and never blocks. Answers come from the reader threads. A lost connection
// is replaced and the job run again; after kConnectionWaitLimit it is rejected with ErrorCode::unavailable.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.h"
#include "io/database.h"
#include "storage/driver/driver.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

inline constexpr std::size_t kReadQueueLimit = 4096;

class ReadPool {
 public:
  // Connects at once and throws DatabaseError when that fails. Driver and keys must outlive the pool.
  ReadPool(Driver& driver, const StorageKeys& keys, Log log, std::size_t readers);
  ~ReadPool();

  void submit(std::unique_ptr<io::TxJob> job);
  // Rejects new jobs, runs those queued, closes the connections.
  void stop();

  std::uint64_t reads() const noexcept { return reads_.load(); }
  std::uint64_t rejected() const noexcept { return rejected_.load(); }
  std::uint64_t reconnects() const noexcept { return reconnects_.load(); }
  std::size_t queued() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Waiting {
    std::unique_ptr<io::TxJob> job;
    Time since;
  };

  void run(std::unique_ptr<Connection> connection);
  void serve(std::unique_ptr<Connection>& connection, Waiting waiting);
  void read(Connection& connection, io::TxJob& job);
  // Null when that failed until the deadline, or the pool was stopped.
  std::unique_ptr<Connection> connect_until(Time deadline);
  void reject(io::TxJob& job, const char* message);

  Driver& driver_;
  const StorageKeys& keys_;
  Log log_;

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Waiting> queue_;
  bool stopping_ = false;
  std::mutex joining_;

  std::atomic<std::uint64_t> reads_{0}, rejected_{0}, reconnects_{0};
  std::vector<std::thread> threads_;
};

}  // namespace latchkey::storage
