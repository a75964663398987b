// A secret of this server that somebody found where it should not be: in a repository, a log, a chat.
//
// Who reports it shows the whole secret, and could have used it as well; so no more is asked of him than the
// right to revoke keys, whoever owns the key. API access tokens, auth keys and OAuth clients end at once. A
// webhook secret goes on: changing it would silently break its receiver, so a person rotates it. Everybody
// who listens is told (credentialLeaked).
#pragma once

#include <string>
#include <string_view>

#include "core/identity/authorize.h"
#include "core/tx.h"
#include "core/webhooks/manage.h"

namespace latchkey::webhooks {

using MayReportLeak = identity::Permit<Operation::report_leak>;

struct Leak {
  SecretString text;
  std::string url;     // where it was found
  std::string source;  // what kind of place that is, as the finder calls it
};

// On the wire: "unknown", "ended", "revoked", "told".
enum class LeakOutcome {
  unknown,  // no secret of this tailnet; also for what another tailnet has
  ended,    // it was one, and had ended before
  revoked,  // it ended now
  told,     // it goes on until a person acts
};
std::string_view to_string(LeakOutcome outcome);

LeakOutcome report_leak(core::Tx& tx, const MayReportLeak& may, const Leak& leak,
                        const WebhookContext& context, TimePoint now);

}  // namespace latchkey::webhooks
