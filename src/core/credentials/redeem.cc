#include "core/credentials/redeem.h"

#include <algorithm>

#include "base/text.h"
#include "core/credentials/audit_view.h"
#include "core/credentials/hostname_pattern.h"
#include "core/credentials/watch.h"

namespace latchkey::credentials {
namespace {

Error unknown_key() {
  return unauthenticated("invalid key: API key does not exist");
}

Error not_valid(const CredentialId& id, const std::string& reason) {
  return unauthenticated("invalid key: API key " + id.str() + " not valid: " + reason);
}

Result<void> check_state(const Credential& key, const std::optional<identity::User>& owner, TimePoint now) {
  if (!key.owner.empty() && !owner) return not_valid(key.id, "its owner no longer exists");
  std::optional<identity::UserStatus> owner_status;
  if (owner) owner_status = owner->status;
  switch (state_of(key, owner_status, now)) {
    case State::active:
      return {};
    case State::revoked:
      return unauthenticated("invalid key: API key does not exist: it was revoked on " +
                             to_rfc3339(*key.revoked));
    case State::expired:
      return unauthenticated("invalid key: API key does not exist: it expired on " +
                             to_rfc3339(*key.expires));
    case State::spent:
      return not_valid(key.id, "it has been used up");
    case State::dormant:
      return not_valid(key.id, "its owner is suspended or awaits approval");
  }
  return unknown_key();
}

}  // namespace

Result<OwnedCredential> recognise(core::Tx& tx, const SecretString& key_text, const KeyMint& mint) {
  const auto text = trim(key_text.expose());
  const auto parsed = parse_key_text(text);
  if (!parsed) return malformed("invalid key: invalid API token");
  if (parsed->type != KeyType::auth) {
    return unauthenticated("invalid key: API key " + parsed->id.str() +
                           " cannot be used for node auth: this is an " + std::string(name_of(parsed->type)) +
                           ", devices join with an auth key (tskey-auth-)");
  }

  // The digest is computed and compared whether or not the id is known.
  const crypto::Digest presented = mint.digest(text);
  auto found = tx.credentials().find_for_authentication(parsed->id);
  const crypto::Digest stored = found ? found->credential.digest : crypto::Digest{};
  if (!crypto::constant_time_equal(presented, stored) || !found) return unknown_key();
  return *std::move(found);
}

Result<void> check_usable(const OwnedCredential& key, TimePoint now) {
  return check_state(key.credential, key.owner, now);
}

Result<Credential> redeem(core::Tx& tx, const JoinRequest& request, const KeyMint& mint, TimePoint now) {
  TRY(const auto recognised, recognise(tx, request.key_text, mint));
  return redeem(tx, recognised, request, now);
}

Result<Credential> redeem(core::Tx& tx, const OwnedCredential& recognised, const JoinRequest& request,
                          TimePoint now) {
  Credential key = recognised.credential;
  // A retry of a join whose answer was lost: allowed as long as the key has not been withdrawn since.
  const bool is_retry = request.may_be_retry && tx.credentials().has_redeemed(
                                                    key.tailnet, key.id, request.machine, now - kRetryWindow);
  if (is_retry) key.spent.reset();
  TRY(check_state(key, recognised.owner, now));
  if (!key.grant.allowed_hostnames.empty() &&
      std::ranges::none_of(key.grant.allowed_hostnames, [&](const auto& pattern) {
        return hostname_matches(pattern, request.hostname);
      })) {
    return not_valid(key.id, "it does not allow this host name");
  }
  if (is_retry) return recognised.credential;

  identity::Caller device;
  device.kind = identity::Caller::Kind::worker;
  device.tailnet = key.tailnet;
  device.source = request.source;
  audit::Act when_spent =
      act_on(key, device, audit::Action::revoke, audit::ChangeKind::credential_used_up, now);
  if (!request.group_id.empty()) when_spent.record.group_id = request.group_id;
  when_spent.record.actor = request.device;
  when_spent.record.details = "used by node " + request.device.id;
  const auto spend = tx.credentials().spend({key.tailnet, key.id, request.machine, now}, when_spent);
  if (!spend) return not_valid(key.id, "it has been used up");
  watch_use(tx, {key.tailnet, key.id, spend->uses - 1, key.usage.last_used}, now);
  key.usage.uses = spend->uses;
  key.usage.last_used = now;
  if (spend->spent) key.spent = now;
  return key;
}

}  // namespace latchkey::credentials
