// The turns of periodic work on webhooks, but for sending: what happened becomes deliveries, what expires
// soon is told, old deliveries are forgotten.
#pragma once

#include "core/webhooks/queue_news.h"
#include "workers/periodic.h"

namespace latchkey::workers {

// From the change feed to the queues. Every replica does this; of two at once one waits. Nothing is written
// while nothing happens. Call it every second or so, and whenever something was committed.
io::awaitable<Result<std::int64_t>> queue_webhook_news(WorkContext& context, webhooks::NewsContext news);

// Keys of devices and people's and programs' credentials that expire within a week or a day.
io::awaitable<Result<std::int64_t>> warn_of_expiry(WorkContext& context);

// What the delivery log no longer keeps.
io::awaitable<Result<std::int64_t>> forget_webhook_deliveries(WorkContext& context);

}  // namespace latchkey::workers
