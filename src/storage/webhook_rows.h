// Deliveries and attempts as rows, for the two files that read them.
#pragma once

#include "core/webhooks/delivery.h"
#include "storage/columns.h"
#include "storage/driver/connection.h"

namespace latchkey::storage {

// Of webhook_deliveries d JOIN webhook_events v.
#define DELIVERY_COLUMNS                                                                               \
  "d.tailnet_id, d.endpoint_id, d.number, d.event_id, v.type, v.message, v.at, d.state, d.queued_at, " \
  "d.attempts, d.next_attempt_at, d.ended_at, d.replay_of"
#define DELIVERIES_JOINED \
  " FROM webhook_deliveries d JOIN webhook_events v ON v.tailnet_id = d.tailnet_id AND v.id = d.event_id"
inline constexpr std::size_t kDeliveryColumns = 13;

// Without the body.
webhooks::Delivery delivery_of(const Row& row);
// With the body in the column behind the others.
webhooks::Delivery whole_delivery_of(const Row& row);

}  // namespace latchkey::storage
