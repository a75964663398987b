// The generic body: a JSON array of events, even for one (https://tailscale.com/kb/1213).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/webhooks/event.h"

namespace latchkey::webhooks {

inline constexpr std::size_t kMaxBatchEvents = 100;
inline constexpr std::size_t kMaxBatchBytes = 256UL * 1024;  // one event alone may be longer

// One element: timestamp, version, type, tailnet (its name), message, data, in this order. Kept with the
// event, so that every repeat of it is byte for byte the same.
std::string event_json(const Event& event, std::string_view tailnet_name);

// The array of such elements.
std::string batch_json(std::span<const std::string> events);

// How many elements of these sizes, from the front, go into one body: within the limits above, and at least
// one.
std::size_t fitting(std::span<const std::size_t> sizes);

}  // namespace latchkey::webhooks
