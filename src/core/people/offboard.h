// Somebody leaves: everything that was chosen for him and for what rests on him, in one transaction and one
// event group, or nothing.
//
// Each part is done by its own use case, with the caller's right to it: who may not rotate a client's secret
// cannot do so here either. What stands in the way is told all at once.
#pragma once

#include <string>
#include <vector>

#include "base/secret.h"
#include "core/credentials/issue.h"
#include "core/people/offboard_plan.h"
#include "core/webhooks/manage.h"

namespace latchkey::people {

using MayOffboard = identity::Permit<identity::Operation::offboard>;

struct Offboarding {
  OffboardChoices choices;
  std::string fingerprint;  // of the preview
};

// Outlives the use case.
struct OffboardContext {
  const credentials::Issuer& issuer;
  const webhooks::WebhookContext& webhooks;
};

// A new secret of what he made; shown this once.
struct RotatedSecret {
  HoldingKind kind = HoldingKind::client;
  std::string id;
  SecretString secret;
};

struct Offboarded {
  std::string group;  // of the records: what report() tells of
  std::vector<RotatedSecret> secrets;
  bool repeated = false;  // the same was done before; nothing happened now
};

// The property of the record that says what was chosen and what goes on. In the database: never changes.
inline constexpr std::string_view kOffboardingProperty = "OFFBOARDING";
inline constexpr std::size_t kMostRecordedHoldings = 1000;

// not_found: nobody here has this id. conflict: what rests on him is not what was shown; ownership without an
// heir. The same request again, as after a lost answer, does nothing and gives the same group.
//
// The owner himself leaves only by the local administrator, who names the heir: from then on the heir acts.
Result<Offboarded> offboard(core::Tx& tx, const MayOffboard& may, const UserId& id, const Offboarding& want,
                            const OffboardContext& context, TimePoint now);

}  // namespace latchkey::people
