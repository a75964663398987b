// The turns of periodic work on devices: announcing that node keys expired, removing ephemeral devices that
// are gone.
#pragma once

#include "workers/periodic.h"

namespace latchkey::workers {

// NODE.EXPIRED.KEY_EXPIRY_TIME for node keys whose date has passed.
io::awaitable<Result<std::int64_t>> announce_expired_node_keys(WorkContext& context);

// NODE.DELETE for ephemeral devices that were away for so long.
io::awaitable<Result<std::int64_t>> remove_gone_devices(WorkContext& context, seconds absence);

}  // namespace latchkey::workers
