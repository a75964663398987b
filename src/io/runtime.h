// The threads of this server: one single-threaded io_context a core, so that a connection, its handlers and
// its timers share one thread and need no locks.
//
//   Runtime runtime(0, log);                        // 0: one thread a core
//   runtime.start();
//   runtime.spawn("expiry sweep", [&] { return sweep(db); });
//   ...
//   runtime.stop();                                 // cancels what was spawned, waits, joins the threads
//
// Construct it before, and destroy it after, everything whose coroutines run on it: databases that complete
// into it, HTTP servers, workers. start() and stop() belong to the thread that owns it; the rest may be
// called from any thread. Ignores SIGPIPE for the whole process, since OpenSSL writes to sockets with plain
// write(2).
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "io/awaitable.h"

namespace latchkey::io {

class Runtime {
 public:
  // Called on the thread of its context. Whatever it captures lives until the coroutine ends.
  using Task = std::function<awaitable<void>()>;

  Runtime(unsigned threads, Log log);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  void start();
  // Cancels every task, gives them `patience` to end, then stops the contexts and joins. Safe to call twice.
  // Never call it from a context's own thread.
  void stop(std::chrono::milliseconds patience = std::chrono::seconds(10));
  bool running() const noexcept;

  std::size_t size() const noexcept;
  boost::asio::io_context& context(std::size_t index);
  // Round robin.
  boost::asio::io_context& next_context();

  // Runs a task to its end on the next (or the given) context. stop() cancels the operation it waits for,
  // which then throws operation_aborted; any other exception that escapes is logged under the name. Tasks
  // spawned before start() begin with it; after stop() they are dropped.
  void spawn(std::string name, Task task);
  void spawn_on(std::size_t index, std::string name, Task task);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Waits on the context that runs the caller. Throws boost::system::system_error when cancelled.
awaitable<void> sleep_for(std::chrono::milliseconds duration);

}  // namespace latchkey::io
