#include "storage/read_pool.h"

#include <utility>

#include "storage/write_queue.h"

namespace latchkey::storage {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kReconnectPause{100};
// A query that ends connections must not do so for ever.
constexpr int kLossesOfOneJob = 2;

constexpr const char* kFull = "Too many requests are waiting. Try again in a moment.";
constexpr const char* kAway = "The database cannot be reached. Try again in a moment.";
constexpr const char* kStopping = "The server is shutting down. Try again in a moment.";

}  // namespace

ReadPool::ReadPool(Driver& driver, const StorageKeys& keys, Log log, std::size_t readers)
    : driver_(driver), keys_(keys), log_(std::move(log)) {
  std::vector<std::unique_ptr<Connection>> connections;
  for (std::size_t i = 0; i < readers; ++i) connections.push_back(driver_.connect_reader());
  for (auto& connection : connections) {
    threads_.emplace_back([this, mine = std::move(connection)]() mutable { run(std::move(mine)); });
  }
}

ReadPool::~ReadPool() {
  stop();
}

void ReadPool::submit(std::unique_ptr<io::TxJob> job) {
  const char* refusal = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) {
      refusal = kStopping;
    } else if (queue_.size() >= kReadQueueLimit) {
      refusal = kFull;
    } else {
      queue_.push_back({std::move(job), steady_clock::now()});
    }
  }
  if (refusal) {
    reject(*job, refusal);
  } else {
    arrived_.notify_one();
  }
}

void ReadPool::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  std::lock_guard joining(joining_);
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::size_t ReadPool::queued() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

void ReadPool::run(std::unique_ptr<Connection> connection) {
  for (;;) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Waiting next = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    serve(connection, std::move(next));
  }
}

void ReadPool::serve(std::unique_ptr<Connection>& connection, Waiting waiting) {
  for (int losses = 0;;) {
    if (!connection) connection = connect_until(waiting.since + kConnectionWaitLimit);
    if (!connection) return reject(*waiting.job, kAway);
    std::exception_ptr failure;
    bool lost = false;
    try {
      read(*connection, *waiting.job);
    } catch (const DatabaseError& error) {
      failure = std::current_exception();
      lost = error.connection_lost();
    } catch (...) {
      failure = std::current_exception();
    }
    try {
      if (!lost) connection->rollback();
    } catch (const std::exception&) {
      lost = true;
    }
    if (lost) connection.reset();
    if (lost && failure && ++losses < kLossesOfOneJob) continue;
    ++reads_;
    return waiting.job->finish(failure);
  }
}

void ReadPool::read(Connection& connection, io::TxJob& job) {
  connection.execute(driver_.dialect().begin_read);
  UnitOfWork work(connection, driver_.dialect(), keys_);
  job.run(work);
  UnitOfWork::Mark mark = work.mark();
  if (mark.records + mark.changes > 0) throw DatabaseError("a reading transaction recorded a change");
}

std::unique_ptr<Connection> ReadPool::connect_until(Time deadline) {
  while (steady_clock::now() < deadline) {
    try {
      auto connection = driver_.connect_reader();
      ++reconnects_;
      return connection;
    } catch (const std::exception& failure) {
      log_.warn("database not reached by a reader", {{"reason", failure.what()}});
    }
    std::unique_lock lock(mutex_);
    if (arrived_.wait_for(lock, kReconnectPause, [this] { return stopping_; })) break;
  }
  return nullptr;
}

void ReadPool::reject(io::TxJob& job, const char* message) {
  ++rejected_;
  job.reject(unavailable(message));
}

}  // namespace latchkey::storage
