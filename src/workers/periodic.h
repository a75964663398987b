// Periodic work: a turn of something every so often, on the runtime, until it stops. A turn that fails is
// logged and counted, and tried again at the next time.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "io/database.h"

namespace latchkey::io {
class Runtime;
}

namespace latchkey::workers {

// What the workers share. Outlives the runtime's tasks.
struct WorkContext {
  io::Database& db;
  const Clock& clock;
  Log log;
  Metrics& metrics;
  std::string replica;  // names this process in leases
};

// One turn. Returns how many things it did.
using Turn = std::function<io::awaitable<Result<std::int64_t>>(WorkContext&)>;

// The name is constant text: it becomes a metric's label.
void run_periodically(io::Runtime& runtime, WorkContext& context, std::string name, seconds interval,
                      Turn turn);

}  // namespace latchkey::workers
