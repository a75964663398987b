#include "storage/invite_store.h"

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

#define SELECT_INVITES                                                                                   \
  "SELECT id, inviter_id, role, email, code_digest, created_at, linked_at, expires_at FROM user_invites" \
  " WHERE tailnet_id = $1"

const Statement kFind{SELECT_INVITES " AND id = $2"};
const Statement kFindByCode{SELECT_INVITES " AND code_digest = $2"};
const Statement kList{SELECT_INVITES " ORDER BY created_at, id"};
const Statement kInsert{
    "INSERT INTO user_invites (tailnet_id, id, inviter_id, role, email, code_digest, created_at, linked_at,"
    " expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
const Statement kRenew{
    "UPDATE user_invites SET code_digest = $3, linked_at = $4, expires_at = $5"
    " WHERE tailnet_id = $1 AND id = $2 AND code_digest = $6"};
const Statement kRemove{"DELETE FROM user_invites WHERE tailnet_id = $1 AND id = $2 AND code_digest = $3"};
const Statement kForgetExpired{"DELETE FROM user_invites WHERE tailnet_id = $1 AND expires_at <= $2"};

people::Invite invite_of(const TailnetId& tailnet, const Row& row) {
  people::Invite invite;
  const auto role = identity::role_from(row.at(2).text());
  if (!role) throw DatabaseError("an invite is damaged");
  invite.id = InviteId(row.at(0).text());
  invite.tailnet = tailnet;
  invite.inviter = UserId(row.at(1).text());
  invite.role = *role;
  invite.email = row.at(3).text();
  invite.code = digest_of(row.at(4));
  invite.created = time_of(row.at(5));
  invite.linked = time_of(row.at(6));
  invite.expires = time_of(row.at(7));
  return invite;
}

std::optional<people::Invite> first_of(const TailnetId& tailnet, const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return invite_of(tailnet, rows.front());
}

}  // namespace

std::optional<people::Invite> SqlInviteStore::find(const TailnetId& tailnet, const InviteId& id) {
  return first_of(tailnet, work_.connection().run(kFind, {tailnet.str(), id.str()}));
}

std::optional<people::Invite> SqlInviteStore::find_by_code(const TailnetId& tailnet,
                                                           const crypto::Digest& code) {
  return first_of(tailnet, work_.connection().run(kFindByCode, {tailnet.str(), blob_of(code)}));
}

std::vector<people::Invite> SqlInviteStore::list(const TailnetId& tailnet) {
  std::vector<people::Invite> invites;
  for (const auto& row : work_.connection().run(kList, {tailnet.str()})) {
    invites.push_back(invite_of(tailnet, row));
  }
  return invites;
}

void SqlInviteStore::insert(const people::Invite& invite, const audit::Act& act) {
  work_.connection().run(kInsert,
                         {invite.tailnet.str(), invite.id.str(), invite.inviter.str(),
                          std::string(to_string(invite.role)), invite.email, blob_of(invite.code),
                          time_value(invite.created), time_value(invite.linked), time_value(invite.expires)});
  work_.record(act);
}

bool SqlInviteStore::renew(const people::Invite& invite, const crypto::Digest& was, const audit::Act& act) {
  work_.connection().run(kRenew, {invite.tailnet.str(), invite.id.str(), blob_of(invite.code),
                                  time_value(invite.linked), time_value(invite.expires), blob_of(was)});
  return work_.record_if_changed(act);
}

bool SqlInviteStore::remove(const people::Invite& invite, const audit::Act& act) {
  work_.connection().run(kRemove, {invite.tailnet.str(), invite.id.str(), blob_of(invite.code)});
  return work_.record_if_changed(act);
}

void SqlInviteStore::forget_expired(const TailnetId& tailnet, TimePoint now) {
  work_.connection().run(kForgetExpired, {tailnet.str(), time_value(now)});
}

}  // namespace latchkey::storage
