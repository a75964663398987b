// The door from coroutines (and plain threads) to transactions.
//
// A transaction is a plain function of the unit of work. It runs whole on a database thread and never across
// a suspension:
//
//   auto work = [may, want, now](core::Tx& tx) { return issue_auth_key(tx, may, want, now); };
//   CO_TRY(auto key, co_await db.write(std::move(work)));      // in a coroutine
//   TRY(auto key, db.write_now(std::move(work)));              // on a plain thread, blocks
//
// The function returns a Result. On an error everything it did is undone and the error handed on; otherwise
// the caller hears back only after the change is durable. Several writes may share one commit; a write whose
// group failed for another's reason is run again alone, so the function may run more than once and must have
// no effect beyond its Tx and its return value. Exceptions (database lost, invariant broken) are rethrown to
// the caller, after undoing.
//
// Name the function before the co_await (style guide, coroutines).
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "base/result.h"
#include "io/awaitable.h"

namespace latchkey::core {
class Tx;
}

namespace latchkey::io {

// One transaction on its way to a database thread. Implemented by the templates below.
class TxJob {
 public:
  virtual ~TxJob() = default;
  // Runs the function; true when it succeeded and its changes shall be kept. May be called again after a
  // rollback. Exceptions pass through.
  virtual bool run(core::Tx& tx) = 0;
  // Called exactly once, from the database thread, when the outcome is final: after the commit is durable or
  // the changes are undone. A non-null failure overrides what run() gave. Must not throw or block.
  virtual void finish(std::exception_ptr failure) = 0;
  // Called instead of finish() when the job could not be queued, or the database stayed away for too long;
  // nothing of it is stored then.
  virtual void reject(Error error) = 0;
};

// The io_context of a coroutine that awaits here must outlive the database: a thread of it may be about to
// leave the post of a result that has been taken already.
class Database {
 public:
  virtual ~Database() = default;

  // Never blocks. A full queue or a stopped database rejects the job with ErrorCode::unavailable.
  virtual void submit_write(std::unique_ptr<TxJob> job) = 0;
  // Runs on a reader: a consistent snapshot, writing through it throws.
  virtual void submit_read(std::unique_ptr<TxJob> job) = 0;

  template <class Fn>
  auto write(Fn fn) -> awaitable<std::invoke_result_t<Fn&, core::Tx&>> {
    return run_async<&Database::submit_write>(std::move(fn));
  }
  template <class Fn>
  auto read(Fn fn) -> awaitable<std::invoke_result_t<Fn&, core::Tx&>> {
    return run_async<&Database::submit_read>(std::move(fn));
  }
  template <class Fn>
  auto write_now(Fn fn) -> std::invoke_result_t<Fn&, core::Tx&> {
    return run_blocking<&Database::submit_write>(std::move(fn));
  }
  template <class Fn>
  auto read_now(Fn fn) -> std::invoke_result_t<Fn&, core::Tx&> {
    return run_blocking<&Database::submit_read>(std::move(fn));
  }

 private:
  // Fn returns R = Result<T>; Deliver is called once with (exception_ptr, optional<R>).
  template <class Fn, class Deliver>
  class Job final : public TxJob {
   public:
    using R = std::invoke_result_t<Fn&, core::Tx&>;
    Job(Fn fn, Deliver deliver) : fn_(std::move(fn)), deliver_(std::move(deliver)) {}
    bool run(core::Tx& tx) override {
      result_.emplace(fn_(tx));
      return result_->ok();
    }
    void finish(std::exception_ptr failure) override { deliver_(failure, std::move(result_)); }
    void reject(Error error) override { deliver_(nullptr, std::optional<R>(R(std::move(error)))); }

   private:
    Fn fn_;
    Deliver deliver_;
    std::optional<R> result_;
  };

  template <auto Submit, class Fn>
  auto run_async(Fn fn) -> awaitable<std::invoke_result_t<Fn&, core::Tx&>> {
    using R = std::invoke_result_t<Fn&, core::Tx&>;
    using Token = boost::asio::use_awaitable_t<Executor>;
    auto start = [this, &fn](auto handler) {
      // Posting back keeps completion off the database thread; the guard keeps the io_context from running
      // dry while the job is away.
      auto executor = boost::asio::get_associated_executor(handler);
      auto guard = boost::asio::prefer(executor, boost::asio::execution::outstanding_work.tracked);
      auto deliver = [guard, held = std::move(handler)](std::exception_ptr failure,
                                                        std::optional<R> result) mutable {
        auto resume = [handler = std::move(held), failure, result = std::move(result)]() mutable {
          std::move(handler)(failure, std::move(result));
        };
        boost::asio::post(guard, std::move(resume));
      };
      (this->*Submit)(std::make_unique<Job<Fn, decltype(deliver)>>(std::move(fn), std::move(deliver)));
    };
    auto result =
        co_await boost::asio::async_initiate<const Token, void(std::exception_ptr, std::optional<R>)>(
            start, Token{});
    co_return std::move(*result);
  }

  template <auto Submit, class Fn>
  auto run_blocking(Fn fn) -> std::invoke_result_t<Fn&, core::Tx&> {
    using R = std::invoke_result_t<Fn&, core::Tx&>;
    std::promise<R> promise;
    auto future = promise.get_future();
    auto deliver = [&promise](std::exception_ptr failure, std::optional<R> result) {
      if (failure) {
        promise.set_exception(failure);
      } else {
        promise.set_value(std::move(*result));
      }
    };
    (this->*Submit)(std::make_unique<Job<Fn, decltype(deliver)>>(std::move(fn), std::move(deliver)));
    return future.get();
  }
};

}  // namespace latchkey::io
