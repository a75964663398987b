// Webhook endpoints and what they were sent, as JSON.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <vector>

#include "core/identity/caller.h"
#include "core/webhooks/manage.h"

namespace latchkey::http {

enum class WebhookFields { upstream, all };

// Never the secret. The address is whole for who may change endpoints, since with it alone anybody can write
// into a chat; others see it masked.
boost::json::object webhook_json(const webhooks::WebhookEndpoint& endpoint, const identity::Caller& reader,
                                 WebhookFields fields, TimePoint now);

boost::json::object delivery_json(const webhooks::Delivery& delivery);
// With the event and the attempts.
boost::json::object delivery_json(const webhooks::DeliveryWithAttempts& found);
boost::json::array deliveries_json(const std::vector<webhooks::Delivery>& deliveries);
boost::json::array attempts_json(const std::vector<webhooks::Attempt>& attempts);

}  // namespace latchkey::http
