#include "core/webhooks/subscription.h"

#include <algorithm>

#include "base/text.h"

namespace latchkey::webhooks {
namespace {

Error unknown(std::string_view name) {
  return malformed("unknown event or category \"" + storable(clip(redact_keys(name), 64)) +
                       "\": names are such as nodeCreated, credentialRevoked or categoryTailnetManagement",
                   "subscriptions");
}

}  // namespace

Result<std::vector<std::string>> check_subscriptions(const std::vector<std::string>& names) {
  std::vector<std::string> chosen;
  for (const auto& name : names) {
    if (std::ranges::find(chosen, name) != chosen.end()) continue;
    if (!category_from(name)) {
      const auto type = event_type_from(name);
      if (!type) return unknown(name);
      if (row_of(*type).always_on) {
        return malformed("\"" + name + "\" is sent to every endpoint and cannot be chosen", "subscriptions");
      }
    }
    chosen.push_back(name);
  }
  if (chosen.empty()) return malformed("subscriptions needs at least one event or category", "subscriptions");
  return chosen;
}

bool wants(const WebhookEndpoint& endpoint, const Event& event) {
  if (endpoint.tailnet != event.tailnet || event.at < endpoint.created) return false;
  if (!event.only.empty() && event.only != endpoint.id) return false;
  if (!event.except.empty() && event.except == endpoint.id) return false;
  const auto& type = row_of(event.type);
  if (type.always_on) return true;
  return std::ranges::any_of(endpoint.subscriptions, [&](const std::string& name) {
    const auto category = category_from(name);
    return category ? is_in(type, *category) : name == type.name;
  });
}

}  // namespace latchkey::webhooks
