// What a committed change means to those who are told: the events of one entry of the feed. From its records,
// which say who did what and what it was before, and from the present state for what they do not say.
#pragma once

#include <string>
#include <vector>

#include "core/audit/feed_reader_store.h"
#include "core/tx.h"
#include "core/webhooks/event.h"

namespace latchkey::webhooks {

// Nothing for most changes. The order is that of upstream's own lists: created before needs approval.
// Deprecated types come beside the ones that replaced them; subscriptions choose.
std::vector<Event> derive_events(core::Tx& tx, const audit::FeedEntry& entry, const std::string& console_url);

// The actor of the notices that no person or program causes.
inline constexpr std::string_view kNodeKeyMarker = "expiring-node-key-marker";
inline constexpr std::string_view kCredentialMarker = "expiring-credential-marker";

}  // namespace latchkey::webhooks
