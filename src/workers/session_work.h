// The periodic work on sessions.
#pragma once

#include "core/signon/session.h"
#include "workers/periodic.h"

namespace latchkey::workers {

// Removes sessions and one-time links whose time is over. Refusal does not wait for it.
io::awaitable<Result<std::int64_t>> forget_sessions(WorkContext& context, signon::SessionLimits limits);

}  // namespace latchkey::workers
