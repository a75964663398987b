#include "storage/session_store.h"

#include <algorithm>

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

using signon::LoginLink;
using signon::Session;

#define SESSION_COLUMNS                                                                                    \
  "tailnet_id, id, digest, old_digest, renewed_at, user_id, role, provider_id, created_at, last_seen_at, " \
  "ends_at, address, user_agent"

const Statement kFindByDigest{"SELECT " SESSION_COLUMNS
                              " FROM sessions WHERE digest = $1 OR old_digest = $1"};
const Statement kFind{"SELECT " SESSION_COLUMNS " FROM sessions WHERE tailnet_id = $1 AND id = $2"};
const Statement kList{"SELECT " SESSION_COLUMNS
                      " FROM sessions WHERE tailnet_id = $1 ORDER BY created_at, id LIMIT $2"};
const Statement kListOfUser{
    "SELECT " SESSION_COLUMNS
    " FROM sessions WHERE tailnet_id = $1 AND user_id = $2 ORDER BY created_at, id LIMIT $3"};
const Statement kInsert{"INSERT INTO sessions (" SESSION_COLUMNS
                        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"};
const Statement kTouch{
    "UPDATE sessions SET last_seen_at = $3, address = $4 WHERE tailnet_id = $1 AND id = $2"
    " AND last_seen_at < $3"};
const Statement kRenew{
    "UPDATE sessions SET digest = $3, old_digest = $4, renewed_at = $5, role = $6"
    " WHERE tailnet_id = $1 AND id = $2 AND digest = $4"};
const Statement kRemove{"DELETE FROM sessions WHERE tailnet_id = $1 AND id = $2"};
const Statement kRemoveOfProvider{"DELETE FROM sessions WHERE tailnet_id = $1 AND provider_id = $2"};
const Statement kForget{
    "DELETE FROM sessions WHERE (tailnet_id, id) IN (SELECT tailnet_id, id FROM sessions"
    " WHERE ends_at <= $1 OR last_seen_at <= $2 LIMIT $3)"};

const Statement kPutLink{
    "INSERT INTO login_links (digest, tailnet_id, user_id, created_at, expires_at)"
    " VALUES ($1, $2, $3, $4, $5)"};
const Statement kTakeLink{
    "DELETE FROM login_links WHERE digest = $1 RETURNING tailnet_id, user_id, created_at, expires_at"};
const Statement kRemoveLinksOf{"DELETE FROM login_links WHERE tailnet_id = $1 AND user_id = $2"};
const Statement kForgetLinks{
    "DELETE FROM login_links WHERE digest IN (SELECT digest FROM login_links WHERE expires_at <= $1 LIMIT "
    "$2)"};

Session session_of(const Row& row) {
  Session session;
  session.tailnet = TailnetId(row[0].text());
  session.id = row[1].text();
  session.digest = digest_of(row[2]);
  if (!row[3].is_null()) session.old_digest = digest_of(row[3]);
  session.renewed = maybe_time_of(row[4]);
  session.user = UserId(row[5].text());
  const auto role = identity::role_from(row[6].text());
  if (!role) throw DatabaseError("a session has an unknown role");
  session.role = *role;
  session.provider = row[7].text();
  session.created = time_of(row[8]);
  session.last_seen = time_of(row[9]);
  session.ends = time_of(row[10]);
  session.address = row[11].text();
  session.user_agent = row[12].text();
  return session;
}

Value maybe_blob(const std::optional<crypto::Digest>& digest) {
  return digest ? Value(blob_of(*digest)) : Value();
}

std::optional<Session> first_of(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return session_of(rows.front());
}

}  // namespace

std::optional<Session> SqlSessionStore::find(const crypto::Digest& shown) {
  return first_of(work_.connection().run(kFindByDigest, {blob_of(shown)}));
}

std::optional<Session> SqlSessionStore::find(const TailnetId& tailnet, std::string_view id) {
  return first_of(work_.connection().run(kFind, {tailnet.str(), std::string(id)}));
}

std::vector<Session> SqlSessionStore::list(const TailnetId& tailnet, const UserId& user, std::int64_t limit) {
  std::vector<Session> sessions;
  auto& connection = work_.connection();
  const auto rows = user.empty() ? connection.run(kList, {tailnet.str(), limit})
                                 : connection.run(kListOfUser, {tailnet.str(), user.str(), limit});
  for (const auto& row : rows) sessions.push_back(session_of(row));
  return sessions;
}

void SqlSessionStore::insert(const Session& session, const audit::Act& act) {
  work_.connection().run(
      kInsert, {session.tailnet.str(), session.id, blob_of(session.digest), maybe_blob(session.old_digest),
                time_value(session.renewed), session.user.str(), std::string(to_string(session.role)),
                session.provider, time_value(session.created), time_value(session.last_seen),
                time_value(session.ends), session.address, session.user_agent});
  work_.record(act);
}

void SqlSessionStore::touch(const Session& session) {
  work_.connection().run(kTouch,
                         {session.tailnet.str(), session.id, time_value(session.last_seen), session.address});
}

bool SqlSessionStore::renew(const Session& session, const crypto::Digest& before, const audit::Act& act) {
  work_.connection().run(kRenew, {session.tailnet.str(), session.id, blob_of(session.digest), blob_of(before),
                                  time_value(session.renewed), std::string(to_string(session.role))});
  return work_.record_if_changed(act);
}

bool SqlSessionStore::remove(const Session& session, const audit::Act& act) {
  work_.connection().run(kRemove, {session.tailnet.str(), session.id});
  return work_.record_if_changed(act);
}

std::int64_t SqlSessionStore::remove_of_provider(const TailnetId& tailnet, std::string_view provider) {
  work_.connection().run(kRemoveOfProvider, {tailnet.str(), std::string(provider)});
  return work_.connection().changed();
}

void SqlSessionStore::put(const LoginLink& link) {
  work_.connection().run(kPutLink, {blob_of(link.digest), link.tailnet.str(), link.user.str(),
                                    time_value(link.created), time_value(link.expires)});
}

std::optional<LoginLink> SqlSessionStore::take_link(const crypto::Digest& digest) {
  const auto rows = work_.connection().run(kTakeLink, {blob_of(digest)});
  if (rows.empty()) return std::nullopt;
  const auto& row = rows.front();
  return LoginLink{digest, TailnetId(row[0].text()), UserId(row[1].text()), time_of(row[2]), time_of(row[3])};
}

void SqlSessionStore::remove_links_of(const TailnetId& tailnet, const UserId& user) {
  work_.connection().run(kRemoveLinksOf, {tailnet.str(), user.str()});
}

std::int64_t SqlSessionStore::forget(TimePoint seen_before, TimePoint now, std::int64_t limit) {
  auto& connection = work_.connection();
  connection.run(kForget, {time_value(now), time_value(seen_before), limit});
  const auto sessions = connection.changed();
  connection.run(kForgetLinks, {time_value(now), limit});
  return std::max(sessions, connection.changed());
}

}  // namespace latchkey::storage
