// From the change feed to the queues of endpoints: each committed change becomes its events, and each event a
// delivery for every endpoint that wants it, exactly once.
//
// The position up to which the feed was read is in the database and moves in the same transaction in which
// the deliveries are queued: a crash neither loses nor repeats one. Of several replicas that do this at once,
// one waits for the other.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "core/tx.h"

namespace latchkey::webhooks {

inline constexpr std::string_view kWebhookCursor = "webhooks";
inline constexpr std::int64_t kNewsBatch = 200;

struct NewsContext {
  // Of the admin console, without a final slash: "https://latchkey.example/admin". In events as `url`.
  std::string console_url;
};

struct QueuedNews {
  std::int64_t entries = 0;     // of the feed, read
  std::int64_t deliveries = 0;  // queued
};

// Whether there is something to do: for a read, so that nothing is written while nothing happens.
bool has_news(core::Tx& tx);

// One batch. Call again while `entries` is kNewsBatch.
QueuedNews queue_news(core::Tx& tx, const NewsContext& context, TimePoint now);

}  // namespace latchkey::webhooks
