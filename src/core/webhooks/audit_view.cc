#include "core/webhooks/audit_view.h"

#include <boost/json/array.hpp>

namespace latchkey::webhooks {

boost::json::object audit_view(const WebhookEndpoint& endpoint) {
  boost::json::object view;
  view["endpointUrl"] = masked_url(endpoint);
  view["providerType"] = to_string(endpoint.provider);
  view["secretId"] = endpoint.secrets.id.str();
  view["subscriptions"] = boost::json::array(endpoint.subscriptions.begin(), endpoint.subscriptions.end());
  return view;
}

audit::Act act_on(const WebhookEndpoint& endpoint, const identity::Caller& caller, audit::Action action,
                  std::string property, audit::ChangeKind change, TimePoint now) {
  audit::Act act;
  act.record = identity::record_by(
      caller, action,
      {endpoint.id.str(), masked_url(endpoint), audit::TargetType::webhook_endpoint, std::move(property)},
      now);
  act.change = {change, endpoint.tailnet, endpoint.id.str(), 0, now};
  return act;
}

}  // namespace latchkey::webhooks
