#include "core/webhooks/leak.h"

#include <algorithm>

#include "base/text.h"
#include "core/credentials/access_token.h"
#include "core/credentials/audit_view.h"
#include "core/credentials/authenticate.h"
#include "core/credentials/credential_store.h"
#include "core/webhooks/webhook_store.h"

namespace latchkey::webhooks {
namespace {

using credentials::KeyType;

constexpr std::size_t kMaxPlace = 256;

// "found at https://example.com/x (commit)", for the audit log. What others wrote is cut, and holds no key.
std::string place_of(const Leak& leak) {
  const auto shown = [](const std::string& text) { return storable(clip(redact_keys(text), kMaxPlace)); };
  std::string place = "reported as leaked";
  if (!leak.url.empty()) place += ", found at " + shown(leak.url);
  if (!leak.source.empty()) place += " (" + shown(leak.source) + ")";
  return place;
}

void announce(core::Tx& tx, const TailnetId& tailnet, const CredentialId& id, TimePoint now) {
  tx.credentials().announce({audit::ChangeKind::credential_leaked, tailnet, id.str(), 0, now});
}

LeakOutcome of_webhook(core::Tx& tx, const MayReportLeak& may, const CredentialId& id, const Leak& leak,
                       const WebhookContext& context, TimePoint now) {
  const auto endpoint = tx.webhooks().find_by_secret(id);
  if (!endpoint || endpoint->tailnet != may.tailnet()) return LeakOutcome::unknown;
  const auto shown = context.mint.digest(leak.text.expose());
  bool signs = false;
  for (const auto& secret : context.vault.signing_secrets(*endpoint, now)) {
    signs = crypto::constant_time_equal(shown, context.mint.digest(secret.expose())) || signs;
  }
  if (!signs) return LeakOutcome::unknown;
  announce(tx, may.tailnet(), id, now);
  return LeakOutcome::told;
}

bool is_true(const credentials::OwnedCredential& found, KeyType type, const crypto::Digest& presented) {
  if (found.credential.type != type) return false;
  const auto& old = found.credential.old_secret;
  return credentials::is_genuine(presented, &found) ||
         (old && crypto::constant_time_equal(presented, old->digest));
}

}  // namespace

std::string_view to_string(LeakOutcome outcome) {
  switch (outcome) {
    case LeakOutcome::unknown:
      return "unknown";
    case LeakOutcome::ended:
      return "ended";
    case LeakOutcome::revoked:
      return "revoked";
    case LeakOutcome::told:
      return "told";
  }
  return "";
}

LeakOutcome report_leak(core::Tx& tx, const MayReportLeak& may, const Leak& leak,
                        const WebhookContext& context, TimePoint now) {
  const auto parsed = credentials::parse_key_text(leak.text.expose());
  if (!parsed) return LeakOutcome::unknown;
  if (parsed->type == KeyType::webhook) return of_webhook(tx, may, parsed->id, leak, context, now);

  const auto found = tx.credentials().find_for_authentication(parsed->id);
  const auto presented = context.mint.digest(leak.text.expose());
  if (!found || !is_true(*found, parsed->type, presented)) return LeakOutcome::unknown;
  const auto& key = found->credential;
  if (key.tailnet != may.tailnet()) return LeakOutcome::unknown;
  if (credentials::is_invalid(key, now)) return LeakOutcome::ended;

  announce(tx, key.tailnet, key.id, now);
  auto act = credentials::act_on(key, may.caller(), audit::Action::revoke,
                                 audit::ChangeKind::credential_revoked, now);
  act.record.new_value = boost::json::object{{"reason", "leaked"}};
  act.record.details = place_of(leak);
  if (key.type == KeyType::client) {
    const auto tokens = tx.credentials().revoke_minted(key.tailnet, key.id, now);
    act.record.details += "; access tokens ended: " + std::to_string(tokens);
  }
  tx.credentials().revoke(key.tailnet, key.id, now, act);
  return LeakOutcome::revoked;
}

}  // namespace latchkey::webhooks
