// The single writer: a thread that runs waiting write jobs in groups, one commit for each group.
//
// Each member of a group runs behind a savepoint; one that fails is undone without the others, and one that
// threw is run once more alone after them. When a group fails as a whole (its records cannot be written, the
// commit is refused), it is undone and its members run one by one, each in a transaction of its own, so that
// only the guilty one fails. Groups are taken in the order of arrival, so no job starves.
//
// A COMMIT during which the connection was lost may or may not have happened. Its members are not run again:
// they finish with an OutcomeUnknown.
//
// submit() is safe from any thread and never blocks. Answers (TxJob::finish) come from the writer thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/log.h"
#include "core/audit/change.h"
#include "io/database.h"
#include "storage/driver/driver.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

inline constexpr std::size_t kWriteQueueLimit = 4096;
inline constexpr std::size_t kWriteGroupLimit = 128;
// How long a job waits for a lost connection to come back.
inline constexpr std::chrono::seconds kConnectionWaitLimit{5};

class OutcomeUnknown : public DatabaseError {
 public:
  OutcomeUnknown()
      : DatabaseError(
            "the connection to the database was lost during COMMIT: the change may or may not be stored",
            true) {}
};

class WriteQueue {
 public:
  using CommitHook = std::function<void(std::span<const audit::Change>)>;

  // Connects at once and throws DatabaseError when that fails. Driver and keys must outlive the queue.
  WriteQueue(Driver& driver, const StorageKeys& keys, Log log);
  ~WriteQueue();

  void submit(std::unique_ptr<io::TxJob> job);
  // See SqlDatabase::set_commit_hook.
  void set_commit_hook(CommitHook hook);
  // Rejects new jobs, runs those queued (or rejects them when the connection is lost), closes the connection.
  void stop();

  bool connected() const noexcept { return connected_.load(); }
  std::uint64_t writes() const noexcept { return writes_.load(); }
  std::uint64_t groups() const noexcept { return groups_.load(); }
  std::uint64_t run_alone() const noexcept { return run_alone_.load(); }
  std::uint64_t rejected() const noexcept { return rejected_.load(); }
  std::uint64_t reconnects() const noexcept { return reconnects_.load(); }
  std::size_t queued() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  enum class Outcome { kept, undone, threw };
  struct Member {
    std::unique_ptr<io::TxJob> job;
    Time since;
    Outcome outcome = Outcome::undone;
    // How often the connection was lost under it: a job that ends connections must not do so for ever.
    int losses = 0;
  };
  using Group = std::vector<Member>;

  void run();
  // Empty after a second without work, or when it is time to stop.
  Group next_group();
  void serve(Group group);
  // Returns those that must be run alone: the ones that threw, or all when the group failed.
  Group run_together(Group group);
  Outcome run_member(UnitOfWork& work, io::TxJob& job);
  void run_one(Member member);
  std::exception_ptr try_one(Member& member);
  void commit(UnitOfWork& work);
  void tell_hook(std::span<const audit::Change> changes) noexcept;
  void undo();
  void housekeeping(void (Connection::*task)());

  void lose(const char* reason);
  // False when the queue was stopped meanwhile.
  bool reconnect();
  void put_back(Member member, std::exception_ptr loss);
  void reject_waiting(Time arrived_before, const char* message);
  void reject(io::TxJob& job, const char* message);
  bool stopping() const;

  Driver& driver_;
  const StorageKeys& keys_;
  Log log_;
  std::unique_ptr<Connection> connection_;

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Member> queue_;
  CommitHook hook_;
  bool stopping_ = false;
  std::mutex joining_;

  std::atomic<bool> connected_{true};  // connection_ itself belongs to the writer thread
  std::atomic<std::uint64_t> writes_{0}, groups_{0}, run_alone_{0}, rejected_{0}, reconnects_{0};
  std::thread thread_;
};

}  // namespace latchkey::storage
