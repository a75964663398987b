// Whether an identity provider keeps the people of a tailnet in step, and the brake on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace latchkey::provisioning {

// The brake on mass changes. Stored by name.
enum class GuardState {
  watching,  // removals are counted, and pass
  holding,   // too many came: none passes until a person decides
  released,  // a person let them pass, until a time
  refused,   // a person said no: none passes, and the sync is told not to try again
};

std::string_view to_string(GuardState state);
std::optional<GuardState> guard_state_from(std::string_view text);

struct Guard {
  GuardState state = GuardState::watching;
  std::optional<TimePoint> since;           // of the state
  std::optional<TimePoint> released_until;  // of released
  std::string decided_by;                   // the login of who released or refused
  std::int64_t held = 0;                    // requests that did not pass since it began to hold

  bool operator==(const Guard&) const = default;
};

struct Provisioning {
  bool enabled = false;
  std::optional<TimePoint> enabled_at;
  std::string enabled_by;  // login
  Guard guard;

  bool operator==(const Provisioning&) const = default;
};

}  // namespace latchkey::provisioning
