#include "core/credentials/trust_credential.h"

#include "core/credentials/audit_view.h"
#include "core/credentials/credential_store.h"
#include "core/credentials/key_reach.h"
#include "core/credentials/lifetime.h"
#include "core/identity/hold_caller.h"
#include "core/policy/manage.h"
#include "core/policy/ownership.h"
#include "crypto/random.h"

namespace latchkey::credentials {
namespace {

// What the terms amount to, once all of it is the caller's to give.
Result<GrantedScopes> check_terms(core::Tx& tx, const identity::Caller& caller, const TrustTerms& want) {
  TRY(check_description(want.description));
  if (want.scopes.empty()) return malformed("at least one scope is required", "scopes");
  GrantedScopes scopes{want.scopes, {}};
  TRY(scopes.set, identity::ScopeSet::parse(want.scopes));
  TRY(check_scopes_held(caller, scopes));
  if (want.tags.empty()) {
    if (scopes.set.needs_tags()) {
      return malformed("tags are required with the scopes auth_keys and devices:core", "tags");
    }
    if (want.bound_to_tags) return malformed("deviceTagsOnly needs tags", "deviceTagsOnly");
    return scopes;
  }
  const auto policy = policy::current_policy(tx, caller.tailnet);
  TRY(policy::check_tags(want.tags, policy::identity_of(caller), policy));
  return scopes;
}

void set_terms(Credential& credential, const TrustTerms& want, GrantedScopes scopes) {
  credential.description = want.description;
  credential.scopes = std::move(scopes);
  credential.grant.tags = want.tags;
  credential.bound_to_tags = want.bound_to_tags;
}

// A live one of this type that the caller may change.
Result<Credential> find_to_change(core::Tx& tx, const MayUpdateTrust& may, const CredentialId& id,
                                  KeyType type, TimePoint now) {
  auto found = tx.credentials().find(may.tailnet(), id);
  if (!found || !scopes_reach(may.caller(), *found, identity::ScopeAccess::read)) {
    return not_found("key not found");
  }
  if (found->type != type) {
    return malformed("the key is an " + std::string(name_of(found->type)) + ": keyType cannot be changed",
                     "keyType");
  }
  if (!scopes_reach(may.caller(), *found, identity::ScopeAccess::write)) {
    return forbidden("calling actor does not have enough permissions to change keys of this type");
  }
  TRY(check_scopes_held(may.caller(), found->scopes));
  if (is_invalid(*found, now)) return not_found("key not found: it was revoked or has expired");
  return *std::move(found);
}

Result<void> store(core::Tx& tx, const Credential& was, const Credential& is, const identity::Caller& caller,
                   std::string details, TimePoint now) {
  auto act = act_on(is, caller, audit::Action::update, audit::ChangeKind::credential_updated, now);
  act.record.old_value = audit_view(was);
  act.record.new_value = audit_view(is);
  act.record.details = std::move(details);
  if (!tx.credentials().update(is, now, act))
    return not_found("key not found: it was revoked or has expired");
  return {};
}

Result<void> check_may_create(core::Tx& tx, const identity::Caller& caller, KeyType type) {
  TRY(identity::hold_caller(tx, caller));
  const identity::Scope needed{scope_family_of(type), identity::ScopeAccess::write};
  if (!caller.trust || caller.trust->scopes.holds(needed)) return {};
  return forbidden("calling actor does not have enough permissions to perform this function");
}

Credential new_credential(const identity::Caller& caller, KeyType type, const TrustTerms& want,
                          GrantedScopes scopes, TimePoint now) {
  Credential credential;
  credential.type = type;
  credential.tailnet = caller.tailnet;
  credential.creator = caller.user;
  set_terms(credential, want, std::move(scopes));
  credential.created = whole_second(now);
  return credential;
}

}  // namespace

Result<IssuedKey> create_client(core::Tx& tx, const MayCreateTrust& may, const NewClient& want,
                                const Issuer& issuer, TimePoint now) {
  const auto& caller = may.caller();
  TRY(check_may_create(tx, caller, KeyType::client));
  TRY(auto scopes, check_terms(tx, caller, want.terms));
  TRY(const auto lifetime, choose_client_lifetime(want.expiry_seconds));
  auto credential = new_credential(caller, KeyType::client, want.terms, std::move(scopes), now);
  if (lifetime) credential.expires = credential.created + *lifetime;
  auto minted = issuer.mint.mint(KeyType::client);
  credential.id = std::move(minted.id);
  credential.digest = minted.digest;
  tx.credentials().insert(credential, act_on(credential, caller, audit::Action::create,
                                             audit::ChangeKind::credential_created, now));
  return IssuedKey{std::move(credential), std::move(minted.text)};
}

Result<Credential> create_federated_identity(core::Tx& tx, const MayCreateTrust& may, const TrustTerms& want,
                                             const Issuer& issuer, TimePoint now) {
  const auto& caller = may.caller();
  TRY(check_may_create(tx, caller, KeyType::federated));
  TRY(auto scopes, check_terms(tx, caller, want));
  auto credential = new_credential(caller, KeyType::federated, want, std::move(scopes), now);
  credential.id = CredentialId(caller.tailnet.str() + "-" + id_text('k', crypto::random_bits()));
  credential.federation = want.federation.value_or(federation::Trust{});
  auto& audience = credential.federation->audience;
  if (audience.empty()) audience = issuer.audience_host + "/" + credential.id.str();
  TRY(federation::check_trust(*credential.federation, issuer.allow_http_issuers));
  tx.credentials().insert(credential, act_on(credential, caller, audit::Action::create,
                                             audit::ChangeKind::credential_created, now));
  return credential;
}

Result<Credential> replace_terms(core::Tx& tx, const MayUpdateTrust& may, const CredentialId& id,
                                 KeyType type, const TrustTerms& want, const Issuer& issuer, TimePoint now) {
  TRY(const auto was, find_to_change(tx, may, id, type, now));
  TRY(auto scopes, check_terms(tx, may.caller(), want));
  auto is = was;
  set_terms(is, want, std::move(scopes));
  if (type == KeyType::federated) {
    is.federation = want.federation.value_or(federation::Trust{});
    if (is.federation->audience.empty()) is.federation->audience = was.federation->audience;
    TRY(federation::check_trust(*is.federation, issuer.allow_http_issuers));
  }
  is.updated = whole_second(now);
  TRY(store(tx, was, is, may.caller(), {}, now));
  return is;
}

Result<IssuedKey> rotate_secret(core::Tx& tx, const MayUpdateTrust& may, const CredentialId& id,
                                seconds overlap, const Issuer& issuer, TimePoint now) {
  if (overlap < seconds{0} || overlap > kLongestOverlap) {
    return malformed("overlapSeconds must be between 0 and " + std::to_string(kLongestOverlap.count()),
                     "overlapSeconds");
  }
  TRY(const auto was, find_to_change(tx, may, id, KeyType::client, now));
  auto is = was;
  auto minted = issuer.mint.mint(KeyType::client, id);
  is.digest = minted.digest;
  is.old_secret.reset();
  std::string details = "secret rotated; the old one has ended";
  if (overlap > seconds{0}) {
    is.old_secret = OldSecret{was.digest, whole_second(now) + overlap, {}};
    details = "secret rotated; the old one ends at " + to_rfc3339(is.old_secret->until);
  }
  TRY(store(tx, was, is, may.caller(), std::move(details), now));
  return IssuedKey{std::move(is), std::move(minted.text)};
}

}  // namespace latchkey::credentials
