// The coroutines that serve a whole HttpServer rather than one connection. Each runs until its signal is
// emitted.
#pragma once

#include <memory>

#include "io/server_core.h"

namespace latchkey::io {

// Accepts on the listener's socket, which it takes over, and hands connections to the shards round robin.
// Runs on the context of listener.accepts_on.
awaitable<void> accept_connections(std::shared_ptr<ServerCore> core, Listener& listener);

// One coarse timer for all deadlines of a shard: measured, a timer for each operation costs a fifth of the
// CPU.
awaitable<void> sweep_deadlines(std::shared_ptr<ServerCore> core, Shard& shard);

awaitable<void> watch_certificates(std::shared_ptr<ServerCore> core);

}  // namespace latchkey::io
