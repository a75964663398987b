#include "io/runtime.h"

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <csignal>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace latchkey::io {
namespace {

namespace asio = boost::asio;

bool is_cancellation(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    return error.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

std::string reason_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

}  // namespace

struct Runtime::State {
  using Signals = std::list<asio::cancellation_signal>;
  using Guard = asio::executor_work_guard<Executor>;

  explicit State(Log to) : log(std::move(to)) {}

  // Of the tasks on this core, touched by its thread only; declared first so that it outlives their frames.
  struct Core {
    Signals signals;
    asio::io_context context{1};
    std::optional<Guard> guard;
    std::thread thread;
  };

  void task_ended(const std::string& name, const std::exception_ptr& failure) {
    if (failure && !is_cancellation(failure)) {
      log.error("task failed", {{"task", name}, {"error", reason_of(failure)}});
    }
    std::lock_guard lock(mutex);
    if (--tasks == 0) none_left.notify_all();
  }

  Log log;
  std::vector<std::unique_ptr<Core>> cores;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> running{false};
  std::atomic<bool> stopping{false};
  std::mutex mutex;
  std::condition_variable none_left;
  std::size_t tasks = 0;
};

Runtime::Runtime(unsigned threads, Log log) : state_(std::make_unique<State>(std::move(log))) {
  std::signal(SIGPIPE, SIG_IGN);
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < threads; ++i) state_->cores.push_back(std::make_unique<State::Core>());
}

Runtime::~Runtime() {
  stop();
}

void Runtime::start() {
  if (state_->running || state_->stopping) return;
  for (auto& core : state_->cores) {
    core->guard.emplace(core->context.get_executor());
    core->thread = std::thread([&context = core->context, &log = state_->log] {
      for (;;) {
        try {
          context.run();
          return;
        } catch (const std::exception& error) {
          // Nothing should throw into the loop; one that does must not take the other connections along.
          log.error("exception reached the event loop", {{"error", error.what()}});
        }
      }
    });
  }
  state_->running = true;
}

void Runtime::stop(std::chrono::milliseconds patience) {
  if (state_->stopping.exchange(true) || !state_->running) return;
  for (auto& core : state_->cores) {
    auto cancel_all = [&signals = core->signals] {
      for (auto at = signals.begin(); at != signals.end();) (at++)->emit(asio::cancellation_type::terminal);
    };
    asio::post(core->context, cancel_all);
  }
  {
    std::unique_lock lock(state_->mutex);
    auto ended = state_->none_left.wait_for(lock, patience, [this] { return state_->tasks == 0; });
    if (!ended) state_->log.warn("tasks did not end in time", {{"tasks", state_->tasks}});
  }
  for (auto& core : state_->cores) {
    core->guard.reset();
    core->context.stop();
  }
  for (auto& core : state_->cores) core->thread.join();
  state_->running = false;
}

bool Runtime::running() const noexcept {
  return state_->running;
}

std::size_t Runtime::size() const noexcept {
  return state_->cores.size();
}

asio::io_context& Runtime::context(std::size_t index) {
  return state_->cores.at(index)->context;
}

asio::io_context& Runtime::next_context() {
  return context(state_->next++ % size());
}

void Runtime::spawn(std::string name, Task task) {
  spawn_on(state_->next++ % size(), std::move(name), std::move(task));
}

void Runtime::spawn_on(std::size_t index, std::string name, Task task) {
  auto* state = state_.get();
  auto* core = state->cores.at(index).get();
  {
    std::lock_guard lock(state->mutex);
    ++state->tasks;
  }
  auto begin = [state, core, name = std::move(name), task = std::move(task)]() mutable {
    if (state->stopping) return state->task_ended(name, nullptr);
    auto signal = core->signals.emplace(core->signals.end());
    auto ended = [state, core, signal, name = std::move(name)](const std::exception_ptr& failure) {
      core->signals.erase(signal);
      state->task_ended(name, failure);
    };
    asio::co_spawn(core->context, std::move(task),
                   asio::bind_cancellation_slot(signal->slot(), std::move(ended)));
  };
  asio::post(core->context, std::move(begin));
}

awaitable<void> sleep_for(std::chrono::milliseconds duration) {
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;
  Timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(asio::use_awaitable_t<Executor>{});
}

}  // namespace latchkey::io
