// What an endpoint asked to be told.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "core/webhooks/endpoint.h"
#include "core/webhooks/event.h"

namespace latchkey::webhooks {

// Names of types and categories; at least one. Unknown names, and those that are always on, are refused by
// name; the same one twice is once. The order stays.
Result<std::vector<std::string>> check_subscriptions(const std::vector<std::string>& names);

// Whether an endpoint is to be told this. Not what happened before it was there.
bool wants(const WebhookEndpoint& endpoint, const Event& event);

}  // namespace latchkey::webhooks
