#include "storage/credential_store.h"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>

#include "storage/columns.h"
#include "storage/user_store.h"

namespace latchkey::storage {
namespace {

#define CREDENTIAL_COLUMNS(table)                                                                            \
  table "id, " table "tailnet_id, " table "type, " table "description, " table "owner_id, " table            \
        "creator_id, " table "digest, " table "created_at, " table "expires_at, " table "revoked_at, " table \
        "spent_at, " table "reusable, " table "ephemeral, " table "preauthorized, " table "tags, " table     \
        "allowed_hostnames, " table "use_limit, " table "uses, " table "last_used_at, " table                \
        "last_address, " table "refused, " table "last_refused_at, " table "scopes, " table                  \
        "bound_to_tags, " table "minted_by, " table "updated_at, " table "old_digest, " table                \
        "old_until, " table "old_used_at, " table "issuer, " table "audience, " table "subject, " table      \
        "claim_rules, " table "refusal, " table "refusal_at"
constexpr std::size_t kCredentialColumns = 35;
constexpr std::size_t kUserColumns = 8;

const Statement kFind{"SELECT " CREDENTIAL_COLUMNS("") " FROM credentials WHERE tailnet_id = $1 AND id = $2"};
const Statement kFindScimKey{"SELECT " CREDENTIAL_COLUMNS(
    "") " FROM credentials WHERE tailnet_id = $1 AND type = 'scim' AND ended_at IS NULL"};
const Statement kFindForAuthentication{"SELECT " CREDENTIAL_COLUMNS(
    "c.") ", u.id, u.tailnet_id, u.login_name, u.display_name, u.role, u.status, u.created_at, u.revision, "
    CREDENTIAL_COLUMNS("m.") " FROM credentials c"
          " LEFT JOIN users u ON u.tailnet_id = c.tailnet_id AND u.id = c.owner_id"
          " LEFT JOIN credentials m ON m.tailnet_id = c.tailnet_id AND m.id = c.minted_by"
          " WHERE c.id = $1"};
const Statement kListValid{"SELECT " CREDENTIAL_COLUMNS(
    "") " FROM credentials WHERE tailnet_id = $1 AND ended_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > $2) ORDER BY created_at DESC, id LIMIT $3"};
const Statement kListValidOfOwner{"SELECT " CREDENTIAL_COLUMNS(
    "") " FROM credentials WHERE tailnet_id = $1 AND owner_id = $4 AND ended_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > $2) ORDER BY created_at DESC, id LIMIT $3"};
const Statement kListWithin{"SELECT " CREDENTIAL_COLUMNS(
    "") " FROM credentials WHERE tailnet_id = $1 AND ended_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > $2)"
        " AND (CAST($4 AS TEXT) IS NULL OR type = $4)"
        " AND (CAST($5 AS TEXT) IS NULL OR owner_id = $5 OR creator_id = $5)"
        " AND (CAST($6 AS TEXT) IS NULL OR tags LIKE $6)"
        " AND (CAST($7 AS BIGINT) IS NULL OR created_at >= $7)"
        " AND (CAST($8 AS BIGINT) IS NULL OR created_at < $8)"
        " AND (CAST($9 AS BIGINT) IS NULL OR last_used_at >= $9)"
        " AND (CAST($10 AS BIGINT) IS NULL OR last_used_at < $10)"
        " ORDER BY created_at DESC, id LIMIT $3"};
const Statement kInsert{"INSERT INTO credentials (" CREDENTIAL_COLUMNS(
    "") ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
        " $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29,"
        " $30, $31, $32, $33, $34, $35)"};
const Statement kUpdate{
    "UPDATE credentials SET description = $3, digest = $4, tags = $5, scopes = $6, bound_to_tags = $7,"
    " updated_at = $8, old_digest = $9, old_until = $10, old_used_at = $11, issuer = $13, audience = $14,"
    " subject = $15, claim_rules = $16"
    " WHERE tailnet_id = $1 AND id = $2 AND ended_at IS NULL AND (expires_at IS NULL OR expires_at > $12)"};
const Statement kUseTrustCredential{
    "UPDATE credentials SET uses = uses + 1, last_used_at = $3, last_address = $4,"
    " old_used_at = CASE WHEN $5 THEN $3 ELSE old_used_at END, refusal = NULL, refusal_at = NULL"
    " WHERE tailnet_id = $1 AND id = $2 AND ended_at IS NULL AND (expires_at IS NULL OR expires_at > $3)"};
const Statement kRememberToken{
    "INSERT INTO tokens_used (tailnet_id, credential_id, token, expires_at) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (credential_id, token) DO NOTHING"};
const Statement kForgetTokens{
    "DELETE FROM tokens_used WHERE (credential_id, token) IN (SELECT credential_id, token FROM tokens_used"
    " WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"};
const Statement kNoteRefusal{
    "UPDATE credentials SET refusal = $3, refusal_at = $4 WHERE tailnet_id = $1 AND id = $2"};
const Statement kRevokeMinted{
    "UPDATE credentials SET revoked_at = $3, ended_at = $3"
    " WHERE tailnet_id = $1 AND minted_by = $2 AND ended_at IS NULL AND expires_at > $3"};
const Statement kPurgeMinted{
    "DELETE FROM credentials WHERE id IN (SELECT id FROM credentials WHERE minted_by IS NOT NULL"
    " AND expires_at < $1 ORDER BY expires_at LIMIT $2)"};
const Statement kRevoke{
    "UPDATE credentials SET revoked_at = $3, ended_at = COALESCE(ended_at, $3)"
    " WHERE tailnet_id = $1 AND id = $2 AND revoked_at IS NULL"};
const Statement kSpend{
    "UPDATE credentials SET uses = uses + 1, last_used_at = $3,"
    " spent_at = CASE WHEN uses + 1 >= use_limit THEN $3 ELSE spent_at END,"
    " ended_at = CASE WHEN uses + 1 >= use_limit THEN $3 ELSE ended_at END"
    " WHERE tailnet_id = $1 AND id = $2 AND type = 'auth' AND ended_at IS NULL"
    " AND (expires_at IS NULL OR expires_at > $3) AND (use_limit IS NULL OR uses < use_limit)"
    " RETURNING uses, spent_at"};
const Statement kInsertRedemption{
    "INSERT INTO redemptions (tailnet_id, credential_id, machine, at) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (credential_id, machine) DO UPDATE SET at = excluded.at"};
const Statement kFindRedemption{
    "SELECT at FROM redemptions WHERE tailnet_id = $1 AND credential_id = $2 AND machine = $3 AND at >= $4"};
const Statement kAddUsage{
    "UPDATE credentials SET uses = uses + $3,"
    " previous_use_at = CASE WHEN CAST($4 AS BIGINT) IS NULL THEN previous_use_at ELSE last_used_at END,"
    " last_used_at = COALESCE(CAST($4 AS BIGINT), last_used_at),"
    " last_address = CASE WHEN CAST($5 AS TEXT) = '' THEN last_address ELSE $5 END,"
    " refused = refused + $6, last_refused_at = COALESCE(CAST($7 AS BIGINT), last_refused_at)"
    " WHERE tailnet_id = $1 AND id = $2 RETURNING uses, previous_use_at, minted_by"};
const Statement kRefusals{
    "SELECT refusals_from, refusals, refusals_told_at FROM credentials WHERE tailnet_id = $1 AND id = $2"};
const Statement kSetRefusals{
    "UPDATE credentials SET refusals_from = $3, refusals = $4, refusals_told_at = $5"
    " WHERE tailnet_id = $1 AND id = $2"};
const Statement kExpiring{"SELECT " CREDENTIAL_COLUMNS(
    "") " FROM credentials WHERE ended_at IS NULL AND minted_by IS NULL AND expires_at > $1"
        " AND expires_at <= $2 AND expires_at - created_at > $3 AND (warned_days IS NULL OR warned_days > $4)"
        " ORDER BY expires_at LIMIT $5"};
const Statement kWarn{
    "UPDATE credentials SET warned_days = $3 WHERE tailnet_id = $1 AND id = $2 AND ended_at IS NULL"
    " AND (warned_days IS NULL OR warned_days > $3)"};
const Statement kExpired{"SELECT " CREDENTIAL_COLUMNS(
    "") " FROM credentials WHERE ended_at IS NULL AND minted_by IS NULL AND expires_at <= $1"
        " ORDER BY expires_at LIMIT $2"};
const Statement kAnnounceExpiry{
    "UPDATE credentials SET ended_at = expires_at WHERE tailnet_id = $1 AND id = $2 AND ended_at IS NULL"
    " AND expires_at <= $3"};
const Statement kPurge{
    "DELETE FROM credentials WHERE id IN (SELECT id FROM credentials WHERE ended_at < $1 ORDER BY ended_at "
    "LIMIT $2)"};

credentials::GrantedScopes scopes_of(const Value& value) {
  credentials::GrantedScopes scopes{list_of(value.text()), {}};
  auto set = identity::ScopeSet::parse(scopes.names);
  if (!set) throw DatabaseError("a credential has scopes that this release does not know");
  scopes.set = *set;
  return scopes;
}

std::string rules_text(const std::map<std::string, std::string>& rules) {
  boost::json::object object;
  for (const auto& [claim, pattern] : rules) object[claim] = pattern;
  return boost::json::serialize(object);
}

federation::Trust federation_of(std::span<const Value> row) {
  federation::Trust trust{row[0].text(), row[1].text(), row[2].text(), {}};
  boost::system::error_code failed;
  const auto rules = boost::json::parse(row[3].text(), failed);
  if (failed || !rules.is_object()) throw DatabaseError("a federated identity has damaged claim rules");
  for (const auto& [claim, pattern] : rules.get_object()) {
    if (!pattern.is_string()) throw DatabaseError("a federated identity has damaged claim rules");
    trust.claim_rules.emplace(claim, std::string(pattern.get_string()));
  }
  return trust;
}

// Issuer, audience, subject and rules; NULL where there are none.
std::array<Value, 4> federation_values(const credentials::Credential& key) {
  if (!key.federation) return {};
  const auto& trust = *key.federation;
  return {Value(trust.issuer), Value(trust.audience), Value(trust.subject),
          Value(rules_text(trust.claim_rules))};
}

// The columns from `first` on.
credentials::Credential credential_of(const Row& whole_row, std::size_t first = 0) {
  const std::span<const Value> row(whole_row.begin() + static_cast<std::ptrdiff_t>(first),
                                   kCredentialColumns);
  const auto type = credentials::key_type_from(row[2].text());
  credentials::Credential key;
  if (!type) throw DatabaseError("a credential has an unknown type");
  key.id = CredentialId(row[0].text());
  key.tailnet = TailnetId(row[1].text());
  key.type = *type;
  key.description = row[3].text();
  key.owner = UserId(row[4].maybe_text().value_or(""));
  key.creator = UserId(row[5].maybe_text().value_or(""));
  key.digest = digest_of(row[6]);
  key.created = time_of(row[7]);
  key.expires = maybe_time_of(row[8]);
  key.revoked = maybe_time_of(row[9]);
  key.spent = maybe_time_of(row[10]);
  key.grant.reusable = row[11].flag();
  key.grant.ephemeral = row[12].flag();
  key.grant.preauthorized = row[13].flag();
  key.grant.tags = list_of(row[14].text());
  key.grant.allowed_hostnames = list_of(row[15].text());
  if (key.grant.reusable) key.grant.max_uses = row[16].maybe_number();
  key.usage.uses = row[17].number();
  key.usage.last_used = maybe_time_of(row[18]);
  key.usage.last_address = row[19].text();
  key.usage.refused = row[20].number();
  key.usage.last_refused = maybe_time_of(row[21]);
  key.scopes = scopes_of(row[22]);
  key.bound_to_tags = row[23].flag();
  key.minted_by = CredentialId(row[24].maybe_text().value_or(""));
  key.updated = maybe_time_of(row[25]);
  if (!row[26].is_null()) {
    key.old_secret = credentials::OldSecret{digest_of(row[26]), time_of(row[27]), maybe_time_of(row[28])};
  }
  if (!row[29].is_null()) key.federation = federation_of(row.subspan(29, 4));
  if (!row[33].is_null()) key.last_refusal = credentials::LastRefusal{row[33].text(), time_of(row[34])};
  return key;
}

std::vector<credentials::Credential> credentials_of(const Rows& rows) {
  std::vector<credentials::Credential> keys;
  keys.reserve(rows.size());
  for (const auto& row : rows) keys.push_back(credential_of(row));
  return keys;
}

// A one-off key is a key with one use.
Value use_limit(const credentials::Credential& key) {
  if (key.type != credentials::KeyType::auth) return Value();
  return key.grant.reusable ? Value(key.grant.max_uses) : Value(1);
}

}  // namespace

std::optional<credentials::Credential> SqlCredentialStore::find(const TailnetId& tailnet,
                                                                const CredentialId& id) {
  const auto rows = work_.connection().run(kFind, {tailnet.str(), id.str()});
  if (rows.empty()) return std::nullopt;
  return credential_of(rows.front());
}

std::optional<credentials::Credential> SqlCredentialStore::find_scim_key(const TailnetId& tailnet) {
  const auto rows = work_.connection().run(kFindScimKey, {tailnet.str()});
  if (rows.empty()) return std::nullopt;
  return credential_of(rows.front());
}

std::optional<credentials::OwnedCredential> SqlCredentialStore::find_for_authentication(
    const CredentialId& id) {
  const auto rows = work_.connection().run(kFindForAuthentication, {id.str()});
  if (rows.empty()) return std::nullopt;
  const auto& row = rows.front();
  credentials::OwnedCredential found{credential_of(row), std::nullopt, std::nullopt};
  if (!row.at(kCredentialColumns).is_null()) found.owner = user_of(row, kCredentialColumns);
  constexpr auto kMinter = kCredentialColumns + kUserColumns;
  if (!row.at(kMinter).is_null()) found.minter = credential_of(row, kMinter);
  return found;
}

std::vector<credentials::Credential> SqlCredentialStore::list_valid(const TailnetId& tailnet,
                                                                    std::optional<UserId> owner,
                                                                    TimePoint now, std::int64_t limit) {
  auto& connection = work_.connection();
  if (!owner) return credentials_of(connection.run(kListValid, {tailnet.str(), time_value(now), limit}));
  return credentials_of(
      connection.run(kListValidOfOwner, {tailnet.str(), time_value(now), limit, owner->str()}));
}

std::vector<credentials::Credential> SqlCredentialStore::list_within(const TailnetId& tailnet,
                                                                     const Bounds& bounds, TimePoint now,
                                                                     std::int64_t limit) {
  return credentials_of(work_.connection().run(
      kListWithin,
      {tailnet.str(), time_value(now), limit,
       bounds.type ? Value(std::string(to_string(*bounds.type))) : Value(),
       bounds.person ? Value(bounds.person->str()) : Value(),
       bounds.tag.empty() ? Value() : Value("%\"" + bounds.tag + "\"%"), time_value(bounds.created_since),
       time_value(bounds.created_before), time_value(bounds.used_since), time_value(bounds.used_before)}));
}

void SqlCredentialStore::insert(const credentials::Credential& key, const audit::Act& act) {
  const auto trust = federation_values(key);
  work_.connection().send(kInsert, {key.id.str(),
                                    key.tailnet.str(),
                                    std::string(to_string(key.type)),
                                    key.description,
                                    text_or_null(key.owner.str()),
                                    text_or_null(key.creator.str()),
                                    blob_of(key.digest),
                                    time_value(key.created),
                                    time_value(key.expires),
                                    time_value(key.revoked),
                                    time_value(key.spent),
                                    key.grant.reusable,
                                    key.grant.ephemeral,
                                    key.grant.preauthorized,
                                    list_text(key.grant.tags),
                                    list_text(key.grant.allowed_hostnames),
                                    use_limit(key),
                                    key.usage.uses,
                                    time_value(key.usage.last_used),
                                    key.usage.last_address,
                                    key.usage.refused,
                                    time_value(key.usage.last_refused),
                                    list_text(key.scopes.names),
                                    key.bound_to_tags,
                                    text_or_null(key.minted_by.str()),
                                    time_value(key.updated),
                                    key.old_secret ? Value(blob_of(key.old_secret->digest)) : Value(),
                                    key.old_secret ? time_value(key.old_secret->until) : Value(),
                                    key.old_secret ? time_value(key.old_secret->last_used) : Value(),
                                    trust[0],
                                    trust[1],
                                    trust[2],
                                    trust[3],
                                    key.last_refusal ? Value(key.last_refusal->reason) : Value(),
                                    key.last_refusal ? time_value(key.last_refusal->at) : Value()});
  work_.record(act);
}

bool SqlCredentialStore::update(const credentials::Credential& key, TimePoint now, const audit::Act& act) {
  auto& connection = work_.connection();
  const auto trust = federation_values(key);
  connection.run(kUpdate,
                 {key.tailnet.str(), key.id.str(), key.description, blob_of(key.digest),
                  list_text(key.grant.tags), list_text(key.scopes.names), key.bound_to_tags,
                  time_value(key.updated), key.old_secret ? Value(blob_of(key.old_secret->digest)) : Value(),
                  key.old_secret ? time_value(key.old_secret->until) : Value(),
                  key.old_secret ? time_value(key.old_secret->last_used) : Value(), time_value(now), trust[0],
                  trust[1], trust[2], trust[3]});
  if (connection.changed() == 0) return false;
  work_.record(act);
  return true;
}

bool SqlCredentialStore::use_trust_credential(const TrustUse& use) {
  auto& connection = work_.connection();
  connection.run(kUseTrustCredential,
                 {use.tailnet.str(), use.id.str(), time_value(use.at), use.address, use.by_old_secret});
  return connection.changed() != 0;
}

bool SqlCredentialStore::remember_token(const TailnetId& tailnet, const CredentialId& id,
                                        const crypto::Digest& token, TimePoint until) {
  auto& connection = work_.connection();
  connection.run(kRememberToken, {tailnet.str(), id.str(), blob_of(token), time_value(until)});
  return connection.changed() != 0;
}

std::int64_t SqlCredentialStore::forget_tokens(TimePoint before, std::int64_t limit) {
  auto& connection = work_.connection();
  connection.run(kForgetTokens, {time_value(before), limit});
  return connection.changed();
}

void SqlCredentialStore::note_refusal(const TailnetId& tailnet, const CredentialId& id,
                                      const credentials::LastRefusal& refusal) {
  work_.connection().run(kNoteRefusal, {tailnet.str(), id.str(), refusal.reason, time_value(refusal.at)});
}

std::int64_t SqlCredentialStore::revoke_minted(const TailnetId& tailnet, const CredentialId& minter,
                                               TimePoint now) {
  auto& connection = work_.connection();
  connection.run(kRevokeMinted, {tailnet.str(), minter.str(), time_value(now)});
  return connection.changed();
}

bool SqlCredentialStore::revoke(const TailnetId& tailnet, const CredentialId& id, TimePoint now,
                                const audit::Act& act) {
  auto& connection = work_.connection();
  connection.run(kRevoke, {tailnet.str(), id.str(), time_value(now)});
  if (connection.changed() == 0) return false;
  work_.record(act);
  return true;
}

std::optional<credentials::CredentialStore::Spend> SqlCredentialStore::spend(
    const credentials::Redemption& redemption, const audit::Act& when_spent) {
  auto& connection = work_.connection();
  const auto rows = connection.run(
      kSpend, {redemption.tailnet.str(), redemption.credential.str(), time_value(redemption.at)});
  if (rows.empty()) return std::nullopt;
  connection.run(kInsertRedemption, {redemption.tailnet.str(), redemption.credential.str(),
                                     redemption.machine, time_value(redemption.at)});
  const Spend spend{rows[0][0].number(), !rows[0][1].is_null()};
  if (spend.spent) work_.record(when_spent);
  return spend;
}

bool SqlCredentialStore::has_redeemed(const TailnetId& tailnet, const CredentialId& id,
                                      std::string_view machine, TimePoint since) {
  return !work_.connection()
              .run(kFindRedemption, {tailnet.str(), id.str(), std::string(machine), time_value(since)})
              .empty();
}

std::optional<credentials::CredentialStore::UsageBefore> SqlCredentialStore::add_usage(
    const credentials::UseTally& tally) {
  const auto rows = work_.connection().run(
      kAddUsage, {tally.tailnet.str(), tally.id.str(), tally.added.uses, time_value(tally.added.last_used),
                  tally.added.last_address, tally.added.refused, time_value(tally.added.last_refused)});
  if (rows.empty()) return std::nullopt;
  const auto& row = rows.front();
  return UsageBefore{row[0].number() - tally.added.uses, maybe_time_of(row[1]), !row[2].is_null()};
}

std::optional<credentials::CredentialStore::Refusals> SqlCredentialStore::refusals(const TailnetId& tailnet,
                                                                                   const CredentialId& id) {
  const auto rows = work_.connection().run(kRefusals, {tailnet.str(), id.str()});
  if (rows.empty()) return std::nullopt;
  return Refusals{maybe_time_of(rows[0][0]), rows[0][1].number(), maybe_time_of(rows[0][2])};
}

void SqlCredentialStore::set_refusals(const TailnetId& tailnet, const CredentialId& id,
                                      const Refusals& refusals) {
  work_.connection().run(kSetRefusals, {tailnet.str(), id.str(), time_value(refusals.from), refusals.count,
                                        time_value(refusals.told)});
}

std::vector<credentials::Credential> SqlCredentialStore::expiring_unwarned(TimePoint now, days within,
                                                                           std::int64_t limit) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(within).count();
  return credentials_of(
      work_.connection().run(kExpiring, {time_value(now), time_value(now + within), std::int64_t{micros},
                                         std::int64_t{within.count()}, limit}));
}

bool SqlCredentialStore::warn_of_expiry(const TailnetId& tailnet, const CredentialId& id, days within,
                                        const audit::Change& change) {
  auto& connection = work_.connection();
  connection.run(kWarn, {tailnet.str(), id.str(), std::int64_t{within.count()}});
  if (connection.changed() == 0) return false;
  work_.announce(change);
  return true;
}

std::vector<credentials::Credential> SqlCredentialStore::expired_unannounced(TimePoint now,
                                                                             std::int64_t limit) {
  return credentials_of(work_.connection().run(kExpired, {time_value(now), limit}));
}

bool SqlCredentialStore::announce_expiry(const TailnetId& tailnet, const CredentialId& id, TimePoint now,
                                         const audit::Act& act) {
  auto& connection = work_.connection();
  connection.run(kAnnounceExpiry, {tailnet.str(), id.str(), time_value(now)});
  if (connection.changed() == 0) return false;
  work_.record(act);
  return true;
}

std::int64_t SqlCredentialStore::purge_minted(TimePoint before, std::int64_t limit) {
  auto& connection = work_.connection();
  connection.run(kPurgeMinted, {time_value(before), limit});
  return connection.changed();
}

std::int64_t SqlCredentialStore::purge_ended(TimePoint before, std::int64_t limit) {
  auto& connection = work_.connection();
  connection.run(kPurge, {time_value(before), limit});
  return connection.changed();
}

}  // namespace latchkey::storage
