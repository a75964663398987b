#include "http/api/webhook_json.h"

#include <boost/json/parse.hpp>

#include "core/identity/authorize.h"

namespace latchkey::http {
namespace {

boost::json::object health_json(const webhooks::EndpointHealth& health) {
  boost::json::object json;
  json["failures"] = health.failures;
  if (health.failing_since) json["failingSince"] = to_rfc3339(*health.failing_since);
  if (health.paused_until) json["pausedUntil"] = to_rfc3339(*health.paused_until);
  if (health.last_attempt) json["lastAttempt"] = to_rfc3339(*health.last_attempt);
  if (health.last_status) json["lastStatus"] = *health.last_status;
  if (!health.last_error.empty()) json["lastError"] = health.last_error;
  return json;
}

boost::json::object attempt_json(const webhooks::Attempt& attempt) {
  boost::json::object json;
  json["at"] = to_rfc3339(attempt.at);
  json["tookMs"] = attempt.took.count();
  if (attempt.status) json["status"] = *attempt.status;
  if (!attempt.error.empty()) json["error"] = attempt.error;
  if (!attempt.answer.empty()) json["answer"] = attempt.answer;
  json["deliveries"] = boost::json::array(attempt.deliveries.begin(), attempt.deliveries.end());
  return json;
}

}  // namespace

boost::json::object webhook_json(const webhooks::WebhookEndpoint& endpoint, const identity::Caller& reader,
                                 WebhookFields fields, TimePoint now) {
  const auto may_change = identity::authorize<identity::Operation::update_webhook>(reader);
  boost::json::object json;
  json["endpointId"] = endpoint.id.str();
  json["endpointUrl"] = may_change ? endpoint.url : webhooks::masked_url(endpoint);
  json["providerType"] = to_string(endpoint.provider);
  json["creatorLoginName"] = endpoint.creator_login;
  json["created"] = to_rfc3339(endpoint.created);
  json["lastModified"] = to_rfc3339(endpoint.modified);
  json["subscriptions"] = boost::json::array(endpoint.subscriptions.begin(), endpoint.subscriptions.end());
  if (fields == WebhookFields::upstream) return json;
  json["format"] = to_string(webhooks::format_of(endpoint));
  if (!endpoint.creator.empty()) json["creatorId"] = endpoint.creator.str();
  if (endpoint.secrets.old && now < endpoint.secrets.old->until) {
    json["oldSecretUntil"] = to_rfc3339(endpoint.secrets.old->until);
  }
  json["health"] = health_json(endpoint.health);
  return json;
}

boost::json::object delivery_json(const webhooks::Delivery& delivery) {
  boost::json::object json;
  json["number"] = delivery.number;
  json["type"] = delivery.type;
  json["message"] = delivery.message;
  json["timestamp"] = to_rfc3339(delivery.event_at);
  json["state"] = to_string(delivery.state);
  json["queued"] = to_rfc3339(delivery.queued);
  json["attemptCount"] = delivery.attempts;
  if (delivery.state == webhooks::DeliveryState::waiting && delivery.next_attempt) {
    json["nextAttempt"] = to_rfc3339(*delivery.next_attempt);
  }
  if (delivery.ended) json["ended"] = to_rfc3339(*delivery.ended);
  if (delivery.replay_of != 0) json["replayOf"] = delivery.replay_of;
  return json;
}

boost::json::object delivery_json(const webhooks::DeliveryWithAttempts& found) {
  auto json = delivery_json(found.delivery);
  json["event"] = boost::json::parse(found.delivery.body);
  json["attempts"] = attempts_json(found.attempts);
  return json;
}

boost::json::array deliveries_json(const std::vector<webhooks::Delivery>& deliveries) {
  boost::json::array list;
  list.reserve(deliveries.size());
  for (const auto& delivery : deliveries) list.push_back(delivery_json(delivery));
  return list;
}

boost::json::array attempts_json(const std::vector<webhooks::Attempt>& attempts) {
  boost::json::array list;
  list.reserve(attempts.size());
  for (const auto& attempt : attempts) list.push_back(attempt_json(attempt));
  return list;
}

}  // namespace latchkey::http
