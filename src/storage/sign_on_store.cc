#include "storage/sign_on_store.h"

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

using signon::IdentityLink;
using signon::Provider;
using signon::SignOnAttempt;

#define PROVIDER_COLUMNS                                                                              \
  "tailnet_id, id, name, issuer, client_id, client_secret, login_claim, login_is_verified, domains, " \
  "scopes, groups_claim, allowed_groups, enabled, set_up_by, created_at, modified_at"

const Statement kProviders{"SELECT " PROVIDER_COLUMNS
                           " FROM sign_on_providers WHERE tailnet_id = $1 ORDER BY id"};
const Statement kProvider{"SELECT " PROVIDER_COLUMNS
                          " FROM sign_on_providers WHERE tailnet_id = $1 AND id = $2"};
const Statement kInsertProvider{
    "INSERT INTO sign_on_providers (" PROVIDER_COLUMNS
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    " ON CONFLICT DO NOTHING"};
const Statement kUpdateProvider{
    "UPDATE sign_on_providers SET name = $3, client_id = $4, client_secret = $5, login_claim = $6,"
    " login_is_verified = $7, domains = $8, scopes = $9, groups_claim = $10, allowed_groups = $11,"
    " enabled = $12, set_up_by = $13, modified_at = $14 WHERE tailnet_id = $1 AND id = $2"};
const Statement kRemoveProvider{"DELETE FROM sign_on_providers WHERE tailnet_id = $1 AND id = $2"};

#define ATTEMPT_COLUMNS "state, browser, tailnet_id, provider_id, next, created_at, expires_at"

const Statement kPutAttempt{"INSERT INTO sign_on_attempts (" ATTEMPT_COLUMNS
                            ") VALUES ($1, $2, $3, $4, $5, $6, $7)"};
const Statement kTakeAttempt{"DELETE FROM sign_on_attempts WHERE state = $1 RETURNING " ATTEMPT_COLUMNS};
const Statement kAttempts{"SELECT COUNT(*) FROM sign_on_attempts"};
const Statement kAttemptsOf{"SELECT COUNT(*) FROM sign_on_attempts WHERE browser = $1"};
const Statement kDropOldest{
    "DELETE FROM sign_on_attempts WHERE state = (SELECT state FROM sign_on_attempts WHERE browser = $1"
    " ORDER BY created_at, state LIMIT 1)"};
const Statement kRemoveExpired{"DELETE FROM sign_on_attempts WHERE expires_at <= $1"};

#define LINK_COLUMNS "tailnet_id, issuer, subject, user_id, rule, created_at"

const Statement kLink{"SELECT " LINK_COLUMNS
                      " FROM identity_links WHERE tailnet_id = $1 AND issuer = $2 AND subject = $3"};
const Statement kLinksOf{"SELECT " LINK_COLUMNS
                         " FROM identity_links WHERE tailnet_id = $1 AND user_id = $2"
                         " ORDER BY created_at, issuer, subject"};
const Statement kInsertLink{"INSERT INTO identity_links (" LINK_COLUMNS
                            ") VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"};
const Statement kRemoveLink{
    "DELETE FROM identity_links WHERE tailnet_id = $1 AND issuer = $2 AND subject = $3"};

Provider provider_of(const Row& row) {
  Provider provider;
  auto& settings = provider.settings;
  provider.tailnet = TailnetId(row[0].text());
  provider.id = row[1].text();
  settings.name = row[2].text();
  settings.issuer = row[3].text();
  settings.client_id = row[4].text();
  provider.sealed_secret = row[5].bytes();
  const auto claim = signon::login_claim_from(row[6].text());
  const auto role = identity::role_from(row[13].text());
  if (!claim || !role) throw DatabaseError("a sign-on provider has an unknown login claim or role");
  settings.login_claim = *claim;
  settings.login_is_verified = row[7].flag();
  settings.domains = list_of(row[8].text());
  settings.scopes = list_of(row[9].text());
  settings.groups_claim = row[10].text();
  settings.allowed_groups = list_of(row[11].text());
  settings.enabled = row[12].flag();
  provider.set_up_by = *role;
  provider.created = time_of(row[14]);
  provider.modified = time_of(row[15]);
  return provider;
}

SignOnAttempt attempt_of(const Row& row) {
  SignOnAttempt attempt;
  attempt.state = digest_of(row[0]);
  attempt.browser = digest_of(row[1]);
  attempt.tailnet = TailnetId(row[2].text());
  attempt.provider = row[3].text();
  attempt.next = row[4].text();
  attempt.created = time_of(row[5]);
  attempt.expires = time_of(row[6]);
  return attempt;
}

IdentityLink link_of(const Row& row) {
  const auto rule = signon::link_rule_from(row[4].text());
  if (!rule) throw DatabaseError("an identity is linked by an unknown rule");
  return {TailnetId(row[0].text()), row[1].text(), row[2].text(),
          UserId(row[3].text()),    *rule,         time_of(row[5])};
}

}  // namespace

std::vector<Provider> SqlSignOnStore::providers(const TailnetId& tailnet) {
  std::vector<Provider> providers;
  for (const auto& row : work_.connection().run(kProviders, {tailnet.str()})) {
    providers.push_back(provider_of(row));
  }
  return providers;
}

std::optional<Provider> SqlSignOnStore::provider(const TailnetId& tailnet, std::string_view id) {
  const auto rows = work_.connection().run(kProvider, {tailnet.str(), std::string(id)});
  if (rows.empty()) return std::nullopt;
  return provider_of(rows.front());
}

bool SqlSignOnStore::insert(const Provider& provider, const audit::Act& act) {
  const auto& settings = provider.settings;
  work_.connection().run(
      kInsertProvider,
      {provider.tailnet.str(), provider.id, settings.name, settings.issuer, settings.client_id,
       provider.sealed_secret, std::string(to_string(settings.login_claim)), settings.login_is_verified,
       list_text(settings.domains), list_text(settings.scopes), settings.groups_claim,
       list_text(settings.allowed_groups), settings.enabled, std::string(to_string(provider.set_up_by)),
       time_value(provider.created), time_value(provider.modified)});
  return work_.record_if_changed(act);
}

bool SqlSignOnStore::update(const Provider& provider, const audit::Act& act) {
  const auto& settings = provider.settings;
  work_.connection().run(
      kUpdateProvider,
      {provider.tailnet.str(), provider.id, settings.name, settings.client_id, provider.sealed_secret,
       std::string(to_string(settings.login_claim)), settings.login_is_verified, list_text(settings.domains),
       list_text(settings.scopes), settings.groups_claim, list_text(settings.allowed_groups),
       settings.enabled, std::string(to_string(provider.set_up_by)), time_value(provider.modified)});
  return work_.record_if_changed(act);
}

bool SqlSignOnStore::remove_provider(const TailnetId& tailnet, std::string_view id, const audit::Act& act) {
  work_.connection().run(kRemoveProvider, {tailnet.str(), std::string(id)});
  return work_.record_if_changed(act);
}

void SqlSignOnStore::put(const SignOnAttempt& attempt) {
  work_.connection().run(
      kPutAttempt, {blob_of(attempt.state), blob_of(attempt.browser), attempt.tailnet.str(), attempt.provider,
                    attempt.next, time_value(attempt.created), time_value(attempt.expires)});
}

std::optional<SignOnAttempt> SqlSignOnStore::take_attempt(const crypto::Digest& state) {
  const auto rows = work_.connection().run(kTakeAttempt, {blob_of(state)});
  if (rows.empty()) return std::nullopt;
  return attempt_of(rows.front());
}

std::int64_t SqlSignOnStore::attempts() {
  return work_.connection().run(kAttempts, {}).at(0)[0].number();
}

std::int64_t SqlSignOnStore::attempts_of(const crypto::Digest& browser) {
  return work_.connection().run(kAttemptsOf, {blob_of(browser)}).at(0)[0].number();
}

void SqlSignOnStore::drop_oldest_attempt(const crypto::Digest& browser) {
  work_.connection().run(kDropOldest, {blob_of(browser)});
}

void SqlSignOnStore::remove_expired_attempts(TimePoint now) {
  work_.connection().run(kRemoveExpired, {time_value(now)});
}

std::optional<IdentityLink> SqlSignOnStore::link(const TailnetId& tailnet, std::string_view issuer,
                                                 std::string_view subject) {
  const auto rows = work_.connection().run(kLink, {tailnet.str(), std::string(issuer), std::string(subject)});
  if (rows.empty()) return std::nullopt;
  return link_of(rows.front());
}

std::vector<IdentityLink> SqlSignOnStore::links_of(const TailnetId& tailnet, const UserId& user) {
  std::vector<IdentityLink> links;
  for (const auto& row : work_.connection().run(kLinksOf, {tailnet.str(), user.str()})) {
    links.push_back(link_of(row));
  }
  return links;
}

bool SqlSignOnStore::insert(const IdentityLink& link, const audit::Act& act) {
  work_.connection().run(kInsertLink, {link.tailnet.str(), link.issuer, link.subject, link.user.str(),
                                       std::string(to_string(link.rule)), time_value(link.created)});
  return work_.record_if_changed(act);
}

void SqlSignOnStore::remove_link(const IdentityLink& link, const audit::Act& act) {
  work_.connection().run(kRemoveLink, {link.tailnet.str(), link.issuer, link.subject});
  work_.record_if_changed(act);
}

}  // namespace latchkey::storage
