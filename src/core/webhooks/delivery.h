// An event on its way to one endpoint, and what became of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace latchkey::webhooks {

// Waiting deliveries of one endpoint. When more come, the oldest are dropped, and the log says so: of what
// goes wrong now the newest news counts, and nobody else is held up.
inline constexpr std::int64_t kMaxQueued = 10'000;
// What the delivery log keeps of each endpoint: so many days, and so many deliveries that have ended.
inline constexpr days kDeliveryRetention{30};
inline constexpr std::int64_t kMaxLogged = 10'000;
// What is kept of an answer, in bytes.
inline constexpr std::size_t kMaxAnswer = 1024;

// Stored by name: "waiting", "delivered", "givenUp", "dropped".
enum class DeliveryState { waiting, delivered, given_up, dropped };
std::string_view to_string(DeliveryState state);
std::optional<DeliveryState> delivery_state_from(std::string_view text);

struct Delivery {
  TailnetId tailnet;
  EndpointId endpoint;
  std::int64_t number = 0;  // 1, 2, 3 ... of this endpoint, in the order of sending
  std::int64_t event = 0;   // several deliveries may tell one event
  std::string type;         // of the event: "nodeCreated"
  std::string message;
  TimePoint event_at{};
  std::string body;  // the event's element of payload.h; empty in lists
  DeliveryState state = DeliveryState::waiting;
  TimePoint queued{};
  std::int64_t attempts = 0;
  std::optional<TimePoint> next_attempt;  // while waiting: not before
  std::optional<TimePoint> ended;
  std::int64_t replay_of = 0;  // the delivery that this repeats at somebody's wish; 0: none
};

// One request to an endpoint, which may have carried several deliveries.
struct Attempt {
  TailnetId tailnet;
  EndpointId endpoint;
  TimePoint at{};
  milliseconds took{0};
  std::optional<std::int64_t> status;  // nothing when there was no answer
  std::string error;                   // why there was none, or why it does not count
  std::string answer;                  // the first bytes, storable text
  std::vector<std::int64_t> deliveries;
};

}  // namespace latchkey::webhooks
