#include "core/credentials/access_token.h"

#include <algorithm>

#include "base/text.h"
#include "core/audit/audit_store.h"
#include "core/credentials/audit_view.h"
#include "core/credentials/watch.h"
#include "core/policy/manage.h"
#include "core/policy/ownership.h"
#include "crypto/random.h"

namespace latchkey::credentials {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

bool uses_tags(const identity::ScopeSet& scopes) {
  return scopes.is_everything() || scopes.needs_tags();
}

Result<GrantedScopes> narrowed_scopes(const Credential& minter, const TokenRequest& want) {
  if (want.scopes.empty()) return minter.scopes;
  GrantedScopes scopes{want.scopes, {}};
  auto set = identity::ScopeSet::parse(want.scopes);
  if (!set || !minter.scopes.set.includes(*set)) {
    const auto asked = storable(clip(redact_keys(joined(want.scopes)), 256));
    return forbidden("OAuth client cannot grant scopes \"" + asked + "\"");
  }
  scopes.set = *set;
  return scopes;
}

Result<std::vector<std::string>> narrowed_tags(core::Tx& tx, const Credential& minter,
                                               const GrantedScopes& scopes, const TokenRequest& want) {
  if (want.tags.empty() || !uses_tags(scopes.set)) return minter.grant.tags;
  const auto policy = policy::current_policy(tx, minter.tailnet);
  const policy::Identity who{{}, std::nullopt, minter.grant.tags, minter.scopes.set.is_everything()};
  TRY(policy::check_tags(want.tags, who, policy));
  return want.tags;
}

// By the client itself.
audit::Act act_of_client(const Credential& token, const Credential& minter, const audit::Source& source,
                         TimePoint now) {
  audit::Act act;
  act.record.tailnet = token.tailnet;
  act.record.at = now;
  act.record.group_id = crypto::random_hex(16);
  act.record.source = source;
  act.record.source.credential = minter.id;
  act.record.actor = {minter.id.str(), audit::ActorType::oauth_client, {}, minter.description};
  act.record.target = audit_target(token);
  act.change = {audit::ChangeKind::access_token_minted, token.tailnet, token.id.str(), 0, now};
  return act;
}

}  // namespace

std::optional<GenuineClient> genuine_client(const OwnedCredential* found, const crypto::Digest& presented,
                                            TimePoint now) {
  static constexpr crypto::Digest kNone{};
  const Credential* client =
      found != nullptr && found->credential.type == KeyType::client ? &found->credential : nullptr;
  const bool has_old = client != nullptr && client->old_secret && now < client->old_secret->until;
  const bool is_new = crypto::constant_time_equal(presented, client != nullptr ? client->digest : kNone);
  const bool is_old = crypto::constant_time_equal(presented, has_old ? client->old_secret->digest : kNone);
  if (client == nullptr || is_invalid(*client, now)) return std::nullopt;
  if (is_new) return GenuineClient{false};
  if (has_old && is_old) return GenuineClient{true};
  return std::nullopt;
}

Error invalid_client() {
  return unauthenticated("API token invalid");
}

Result<IssuedKey> mint_for_client(core::Tx& tx, const CredentialId& client, const crypto::Digest& presented,
                                  const TokenRequest& want, const KeyMint& mint, TimePoint now) {
  const auto found = tx.credentials().find_for_authentication(client);
  const auto genuine = genuine_client(found ? &*found : nullptr, presented, now);
  if (!genuine) return invalid_client();
  return mint_access_token(tx, found->credential, genuine->by_old_secret, want, mint, now);
}

Result<IssuedKey> mint_access_token(core::Tx& tx, const Credential& minter, bool by_old_secret,
                                    const TokenRequest& want, const KeyMint& mint, TimePoint now) {
  // From here on nobody else changes the minter; what was read before may have been changed since.
  if (!tx.credentials().use_trust_credential(
          {minter.tailnet, minter.id, now, want.source.address, by_old_secret})) {
    return invalid_client();
  }
  const auto current = tx.credentials().find(minter.tailnet, minter.id);
  if (!current) return invalid_client();
  watch_use(tx, {current->tailnet, current->id, current->usage.uses - 1, minter.usage.last_used}, now);

  Credential token;
  token.type = KeyType::api;
  token.tailnet = current->tailnet;
  token.minted_by = current->id;
  TRY(token.scopes, narrowed_scopes(*current, want));
  TRY(token.grant.tags, narrowed_tags(tx, *current, token.scopes, want));
  token.created = whole_second(now);
  token.expires = token.created + kAccessTokenLife;
  if (current->expires) token.expires = std::min(*token.expires, *current->expires);
  auto minted = mint.mint(KeyType::api);
  token.id = std::move(minted.id);
  token.digest = minted.digest;
  auto act = act_of_client(token, *current, want.source, now);
  act.record.action = audit::Action::create;
  act.record.new_value = audit_view(token);
  act.record.details = "scopes - " + joined(token.scopes.names);
  tx.credentials().insert(token, act);
  return IssuedKey{std::move(token), std::move(minted.text)};
}

Result<IssuedKey> mint_for_identity(core::Tx& tx, const Credential& identity,
                                    const federation::Claims& claims, const TokenRequest& want,
                                    const KeyMint& mint, TimePoint now) {
  if (!claims.id.empty()) {
    const auto name = mint.digest("jti " + claims.id);
    if (!tx.credentials().remember_token(identity.tailnet, identity.id, name,
                                         claims.expires + federation::kClockSkew)) {
      return exchange_refused("the token was exchanged before: its jti is known");
    }
  }
  auto minted = mint_access_token(tx, identity, false, want, mint, now);
  if (!minted && minted.error().code == ErrorCode::unauthenticated) {
    return exchange_refused("the federated identity was revoked");
  }
  return minted;
}

Error exchange_refused(std::string reason) {
  auto error =
      forbidden("Unauthorized. The reason is shown with the federated identity, and in the audit log");
  error.detail = std::move(reason);
  return error;
}

void record_refused_exchange(core::Tx& tx, const Credential& identity, const std::string& reason,
                             const audit::Source& source, TimePoint now) {
  tx.credentials().note_refusal(identity.tailnet, identity.id, {storable(reason), now});
  audit::Record record;
  record.tailnet = identity.tailnet;
  record.at = now;
  record.group_id = crypto::random_hex(16);
  record.source = source;
  record.source.credential = identity.id;
  record.actor = {identity.id.str(), audit::ActorType::oauth_client, {}, identity.description};
  record.target = {identity.id.str(), "exchangeToken", audit::TargetType::failed_request, {}};
  record.action = audit::Action::update;
  record.error = reason;
  tx.audit().append(record);
}

void revoke_access_token(core::Tx& tx, const Credential& token, const Credential& minter,
                         const audit::Source& source, TimePoint now) {
  auto act = act_of_client(token, minter, source, now);
  act.record.action = audit::Action::revoke;
  act.record.old_value = audit_view(token);
  act.change.kind = audit::ChangeKind::credential_revoked;
  tx.credentials().revoke(token.tailnet, token.id, now, act);
}

identity::TrustGrant grant_of(const Credential& token, const Credential& minter) {
  identity::TrustGrant grant;
  grant.credential = minter.id;
  grant.federated = minter.type == KeyType::federated;
  grant.scopes = token.scopes.set.intersection(minter.scopes.set);
  grant.tags = token.grant.tags;
  if (minter.updated && *minter.updated >= token.created && !minter.scopes.set.is_everything()) {
    const auto& held = minter.grant.tags;
    std::erase_if(grant.tags,
                  [&](const std::string& tag) { return std::ranges::find(held, tag) == held.end(); });
  }
  grant.any_tag = minter.scopes.set.is_everything() && token.grant.tags.empty();
  grant.bound_to_tags = minter.bound_to_tags;
  return grant;
}

std::vector<std::string> scope_words_of(const Credential& token, const Credential& minter) {
  using identity::ScopeAccess;
  const auto left = token.scopes.set.intersection(minter.scopes.set);
  if (left == token.scopes.set) return token.scopes.names;
  std::vector<std::string> fewest;
  for (const auto& row : identity::scope_catalogue()) {
    const bool writes = row.has_write && left.holds({row.family, ScopeAccess::write});
    if (!writes && !left.holds({row.family, ScopeAccess::read})) continue;
    const auto access = writes ? ScopeAccess::write : ScopeAccess::read;
    // `all` speaks for every other.
    const bool is_said =
        row.family != identity::ScopeFamily::all && left.holds({identity::ScopeFamily::all, access});
    if (!is_said) fewest.push_back(identity::to_string({row.family, access}));
  }
  return fewest;
}

}  // namespace latchkey::credentials
