#include "storage/write_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace latchkey::storage {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kIdleTurn{1};
constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{1000};
// A member alone meets a deadlock only with another replica's group; twice in a row is already rare.
constexpr int kConflictAttempts = 3;
constexpr int kLossesOfOneJob = 2;

// A member's last changes, the end of its savepoint and the beginning of the next one share a round trip.
// COMMIT closes the last one.
constexpr const char* kFirstMember = "; SAVEPOINT member";
const Statement kKeepMember{"RELEASE SAVEPOINT member"};
const Statement kNextMember{"SAVEPOINT member"};
const Statement kUndoMember{"ROLLBACK TO SAVEPOINT member"};

constexpr const char* kFull = "Too many changes are waiting. Try again in a moment.";
constexpr const char* kAway = "The database cannot be reached. Try again in a moment.";
constexpr const char* kStopping = "The server is shutting down. Try again in a moment.";

}  // namespace

WriteQueue::WriteQueue(Driver& driver, const StorageKeys& keys, Log log)
    : driver_(driver), keys_(keys), log_(std::move(log)), connection_(driver.connect_writer()) {
  thread_ = std::thread([this] { run(); });
}

WriteQueue::~WriteQueue() {
  stop();
}

void WriteQueue::submit(std::unique_ptr<io::TxJob> job) {
  const char* refusal = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) {
      refusal = kStopping;
    } else if (queue_.size() >= kWriteQueueLimit) {
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

void WriteQueue::set_commit_hook(CommitHook hook) {
  std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

void WriteQueue::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  std::lock_guard joining(joining_);
  if (thread_.joinable()) thread_.join();
}

std::size_t WriteQueue::queued() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

bool WriteQueue::stopping() const {
  std::lock_guard lock(mutex_);
  return stopping_;
}

void WriteQueue::run() {
  while (connection_ || reconnect()) {
    Group group = next_group();
    if (!group.empty()) {
      serve(std::move(group));
    } else if (stopping()) {
      break;
    } else {
      housekeeping(&Connection::when_idle);
    }
  }
  connected_ = false;
  connection_.reset();
}

WriteQueue::Group WriteQueue::next_group() {
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, kIdleTurn, [this] { return stopping_ || !queue_.empty(); });
  auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), kWriteGroupLimit));
  // One of those under which the connection was lost may be the cause: they run alone from then on.
  auto suspect = std::find_if(queue_.begin(), end, [](const Member& member) { return member.losses > 0; });
  end = suspect == queue_.begin() && suspect != end ? suspect + 1 : suspect;
  Group group(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return group;
}

void WriteQueue::serve(Group group) {
  if (group.size() > 1) {
    group = run_together(std::move(group));
    run_alone_ += group.size();
  }
  for (Member& member : group) run_one(std::move(member));
}

WriteQueue::Group WriteQueue::run_together(Group group) {
  std::exception_ptr unknown;
  try {
    connection_->execute(std::string(driver_.dialect().begin_write) + kFirstMember);
    UnitOfWork work(*connection_, driver_.dialect(), keys_);
    for (Member& member : group) member.outcome = run_member(work, *member.job);
    work.flush();
    commit(work);
  } catch (const OutcomeUnknown& failure) {
    unknown = std::current_exception();
    lose(failure.what());
  } catch (const DatabaseError& failure) {
    if (!failure.connection_lost()) {
      undo();
      return group;
    }
    lose(failure.what());
    for (Member& member : group) ++member.losses;
    return group;
  } catch (...) {
    undo();
    return group;
  }
  Group alone;
  for (Member& member : group) {
    switch (member.outcome) {
      case Outcome::kept:
        writes_ += unknown ? 0 : 1;
        member.job->finish(unknown);
        break;
      case Outcome::undone:
        member.job->finish(nullptr);
        break;
      case Outcome::threw:
        alone.push_back(std::move(member));
        break;
    }
  }
  housekeeping(&Connection::after_commit);
  return alone;
}

WriteQueue::Outcome WriteQueue::run_member(UnitOfWork& work, io::TxJob& job) {
  UnitOfWork::Mark mark = work.mark();
  Outcome outcome = Outcome::undone;
  try {
    if (job.run(work)) {
      connection_->send(kKeepMember);
      connection_->send(kNextMember);
      // Here, so that what this member did wrong is not another's failure.
      connection_->settle();
      return Outcome::kept;
    }
  } catch (const DatabaseError& failure) {
    if (failure.connection_lost()) throw;
    outcome = Outcome::threw;
  } catch (...) {
    // What it threw is told when it throws again alone.
    outcome = Outcome::threw;
  }
  connection_->run(kUndoMember);
  work.undo_to(mark);
  return outcome;
}

void WriteQueue::run_one(Member member) {
  for (int attempt = 1; connection_; ++attempt) {
    std::exception_ptr failure = try_one(member);
    if (!failure) {
      writes_ += member.outcome == Outcome::kept ? 1 : 0;
      member.job->finish(nullptr);
      housekeeping(&Connection::after_commit);
      return;
    }
    try {
      std::rethrow_exception(failure);
    } catch (const OutcomeUnknown& unknown) {
      lose(unknown.what());
    } catch (const TransactionConflict&) {
      undo();
      if (attempt < kConflictAttempts) continue;
    } catch (const DatabaseError& error) {
      if (error.connection_lost()) {
        lose(error.what());
        return put_back(std::move(member), failure);
      }
      undo();
    } catch (...) {
      undo();
    }
    return member.job->finish(failure);
  }
  put_back(std::move(member), nullptr);
}

// What went wrong, with the transaction still open.
std::exception_ptr WriteQueue::try_one(Member& member) {
  try {
    connection_->execute(driver_.dialect().begin_write);
    UnitOfWork work(*connection_, driver_.dialect(), keys_);
    member.outcome = member.job->run(work) ? Outcome::kept : Outcome::undone;
    if (member.outcome == Outcome::kept) {
      work.flush();
      commit(work);
    } else {
      connection_->rollback();
    }
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

void WriteQueue::commit(UnitOfWork& work) {
  try {
    connection_->commit();
  } catch (const DatabaseError& failure) {
    if (failure.connection_lost()) throw OutcomeUnknown();
    throw;
  }
  ++groups_;
  tell_hook(work.committed_changes());
}

void WriteQueue::tell_hook(std::span<const audit::Change> changes) noexcept {
  if (changes.empty()) return;
  CommitHook hook;
  {
    std::lock_guard lock(mutex_);
    hook = hook_;
  }
  if (hook) hook(changes);
}

void WriteQueue::undo() {
  try {
    connection_->rollback();
  } catch (const std::exception& failure) {
    lose(failure.what());
  }
}

void WriteQueue::housekeeping(void (Connection::*task)()) {
  if (!connection_) return;
  try {
    (connection_.get()->*task)();
  } catch (const std::exception& failure) {
    lose(failure.what());
  }
}

void WriteQueue::lose(const char* reason) {
  log_.warn("database connection lost", {{"reason", reason}});
  connected_ = false;
  // Before a new one opens: SQLite must never have two that write.
  connection_.reset();
}

bool WriteQueue::reconnect() {
  auto pause = kFirstPause;
  for (;;) {
    if (stopping()) {
      reject_waiting(Time::max(), kStopping);
      return false;
    }
    try {
      connection_ = driver_.connect_writer();
      connected_ = true;
      ++reconnects_;
      log_.info("database connection restored");
      return true;
    } catch (const std::exception& failure) {
      log_.warn("database not reached", {{"reason", failure.what()}});
    }
    reject_waiting(steady_clock::now() - kConnectionWaitLimit, kAway);
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, pause, [this] { return stopping_; });
    pause = std::min(pause * 2, kLongestPause);
  }
}

void WriteQueue::put_back(Member member, std::exception_ptr loss) {
  if (loss && ++member.losses >= kLossesOfOneJob) return member.job->finish(loss);
  std::lock_guard lock(mutex_);
  // Members come back one after the other, so they are sorted in by age.
  auto place = std::find_if(queue_.begin(), queue_.end(),
                            [&](const Member& waiting) { return waiting.since > member.since; });
  queue_.insert(place, std::move(member));
}

void WriteQueue::reject_waiting(Time arrived_before, const char* message) {
  Group late;
  {
    std::lock_guard lock(mutex_);
    while (!queue_.empty() && queue_.front().since <= arrived_before) {
      late.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
  }
  for (Member& member : late) reject(*member.job, message);
}

void WriteQueue::reject(io::TxJob& job, const char* message) {
  ++rejected_;
  job.reject(unavailable(message));
}

}  // namespace latchkey::storage
