// What shall become of a person and of what rests on him, and whether that can be done: a pure function.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/people/offboard_preview.h"

namespace latchkey::people {

struct OffboardChoices {
  Leaving leaving = Leaving::suspended;
  // What becomes of his own devices: another person's (login name or id), or the tailnet's with these tags;
  // neither: they share his fate.
  std::string hand_over_to;
  std::vector<std::string> tags;
  // Of what he made and what would go on: ids, or all of a kind: clients, identities, webhooks, scim-key.
  std::vector<std::string> revoke;  // a webhook is deleted
  std::vector<std::string> rotate;  // of clients and webhooks: a new secret, and the old one ends
  std::string new_owner;            // login name or id; needed of the owner, and of nobody else
  std::string reason;               // kept in the log

  bool operator==(const OffboardChoices&) const = default;
};

struct OffboardPlan {
  std::vector<Holding> devices;  // to be handed over or tagged
  std::vector<Holding> revoke;
  std::vector<Holding> rotate;
  std::vector<Holding> going_on;  // afterwards, as before
};

// Conflict or malformed, with everything that stands in the way.
Result<OffboardPlan> plan_offboarding(const OffboardPreview& preview, const OffboardChoices& choices);

// As one error: forbidden when a right is missing, else as the first of them.
Error all_of(std::vector<Error> errors);

}  // namespace latchkey::people
