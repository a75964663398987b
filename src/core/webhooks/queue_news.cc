#include "core/webhooks/queue_news.h"

#include <algorithm>
#include <map>
#include <vector>

#include "core/audit/feed_reader_store.h"
#include "core/tailnet/tailnet.h"
#include "core/webhooks/derive_events.h"
#include "core/webhooks/payload.h"
#include "core/webhooks/subscription.h"
#include "core/webhooks/webhook_store.h"

namespace latchkey::webhooks {
namespace {

// Ids of events, stored: the position of the entry, and which of its events.
constexpr std::int64_t kEventsPerEntry = 64;

class Queueing {
 public:
  Queueing(core::Tx& tx, const NewsContext& context, TimePoint now) : tx_(tx), context_(context), now_(now) {}

  std::int64_t take(const audit::FeedEntry& entry) {
    const auto& told = told_of(entry.change.tailnet);
    if (told.endpoints.empty()) return 0;
    std::int64_t queued = 0;
    std::int64_t id = entry.change.sequence * kEventsPerEntry;
    for (const auto& event : derive_events(tx_, entry, context_.console_url)) {
      queued += queue(told, event, id++);
    }
    return queued;
  }

 private:
  struct Told {
    std::string tailnet_name;
    std::vector<WebhookEndpoint> endpoints;
  };

  const Told& told_of(const TailnetId& tailnet) {
    const auto [at, fresh] = tailnets_.try_emplace(tailnet);
    if (fresh) {
      const auto found = tx_.tailnets().find(tailnet);
      if (found) at->second = {found->name, tx_.webhooks().list(tailnet)};
    }
    return at->second;
  }

  std::int64_t queue(const Told& told, const Event& event, std::int64_t id) {
    std::int64_t queued = 0;
    for (const auto& endpoint : told.endpoints) {
      if (!wants(endpoint, event)) continue;
      if (queued == 0) {
        tx_.webhooks().keep({event.tailnet, id, event.at, std::string(to_string(event.type)), event.message,
                             event_json(event, told.tailnet_name)});
      }
      if (tx_.webhooks().enqueue({endpoint.tailnet, endpoint.id}, id, 0, now_) != 0) ++queued;
    }
    return queued;
  }

  core::Tx& tx_;
  const NewsContext& context_;
  TimePoint now_;
  std::map<TailnetId, Told> tailnets_;
};

}  // namespace

bool has_news(core::Tx& tx) {
  return tx.feed().has_news(kWebhookCursor);
}

QueuedNews queue_news(core::Tx& tx, const NewsContext& context, TimePoint now) {
  const auto position = tx.feed().hold(kWebhookCursor);
  const auto news = tx.feed().after(position, kNewsBatch);
  QueuedNews done;
  done.entries = news.read;
  if (news.read == 0) return done;
  Queueing queueing(tx, context, now);
  for (const auto& entry : news.entries) done.deliveries += queueing.take(entry);
  tx.feed().move(kWebhookCursor, news.position);
  return done;
}

}  // namespace latchkey::webhooks
