#include "workers/periodic.h"

#include <boost/system/system_error.hpp>

#include "io/runtime.h"

namespace latchkey::workers {
namespace {

struct Work {
  std::string name;
  seconds interval;
  Turn turn;
  Counter& done;
  Counter& failed;
};

// Exceptions end a turn, not the work.
io::awaitable<void> take_turn(WorkContext& context, const Work& work) {
  std::string reason;
  try {
    const auto done = co_await work.turn(context);
    if (done) {
      work.done.add(static_cast<double>(*done));
      if (*done > 0) context.log.info("periodic work", {{"work", work.name}, {"done", *done}});
      co_return;
    }
    reason = done.error().message;
  } catch (const boost::system::system_error&) {
    throw;  // cancelled: the server stops
  } catch (const std::exception& failure) {
    reason = failure.what();
  }
  work.failed.add();
  context.log.error("periodic work failed", {{"work", work.name}, {"reason", reason}});
}

io::awaitable<void> run(WorkContext& context, Work work) {
  for (;;) {
    co_await io::sleep_for(work.interval);
    co_await take_turn(context, work);
  }
}

}  // namespace

void run_periodically(io::Runtime& runtime, WorkContext& context, std::string name, seconds interval,
                      Turn turn) {
  const Metrics::Labels labels{{"work", name}};
  Work work{
      name, interval, std::move(turn),
      context.metrics.counter("latchkey_periodic_work_done_total", "Things done by periodic work", labels),
      context.metrics.counter("latchkey_periodic_work_failed_total", "Turns of periodic work that failed",
                              labels)};
  auto task = [&context, work = std::move(work)] { return run(context, work); };
  runtime.spawn(std::move(name), std::move(task));
}

}  // namespace latchkey::workers
