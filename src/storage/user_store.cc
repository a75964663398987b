#include "storage/user_store.h"

#include "base/text.h"
#include "storage/columns.h"

namespace latchkey::storage {
namespace {

#define USER_COLUMNS "id, tailnet_id, login_name, display_name, role, status, created_at, revision"

const Statement kFind{"SELECT " USER_COLUMNS " FROM users WHERE tailnet_id = $1 AND id = $2"};
// SQLite has one writer, and needs no lock.
constexpr std::string_view kIsThere = "SELECT id FROM users WHERE tailnet_id = $1 AND id = $2";
const Statement kHoldOnSqlite{std::string(kIsThere) + std::string(kSqliteDialect.hold_row)};
const Statement kHoldOnPostgres{std::string(kIsThere) + std::string(kPostgresDialect.hold_row)};
const Statement kFindByLogin{"SELECT " USER_COLUMNS
                             " FROM users WHERE tailnet_id = $1 AND login_folded = $2"};
const Statement kFindOwner{"SELECT " USER_COLUMNS " FROM users WHERE tailnet_id = $1 AND role = 'owner'"};
const Statement kList{"SELECT " USER_COLUMNS " FROM users WHERE tailnet_id = $1 ORDER BY created_at, id"};
const Statement kInsert{
    "INSERT INTO users (id, tailnet_id, login_name, login_folded, display_name, role, status, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"};
const Statement kUpdate{
    "UPDATE users SET display_name = $3, role = $4, status = $5, login_name = $6, login_folded = $7,"
    " suspended_by_sync = CASE WHEN CAST($5 AS TEXT) = 'suspended' AND status = 'suspended'"
    " THEN suspended_by_sync ELSE FALSE END,"
    " revision = revision + 1 WHERE tailnet_id = $1 AND id = $2 AND revision = $8"};
const Statement kHold{
    "UPDATE users SET revision = revision WHERE tailnet_id = $1 AND id = $2 AND revision = $3"};
const Statement kRemove{"DELETE FROM users WHERE tailnet_id = $1 AND id = $2 AND revision = $3"};

std::optional<identity::User> first_of(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return user_of(rows.front());
}

}  // namespace

identity::User user_of(const Row& row, std::size_t first) {
  const auto role = identity::role_from(row.at(first + 4).text());
  const auto status = identity::user_status_from(row.at(first + 5).text());
  if (!role || !status) throw DatabaseError("a user has an unknown role or status");
  identity::User user;
  user.id = UserId(row[first].text());
  user.tailnet = TailnetId(row[first + 1].text());
  user.login_name = row[first + 2].text();
  user.display_name = row[first + 3].text();
  user.role = *role;
  user.status = *status;
  user.created = time_of(row.at(first + 6));
  user.revision = row.at(first + 7).number();
  return user;
}

std::optional<identity::User> SqlUserStore::find(const TailnetId& tailnet, const UserId& id) {
  return first_of(work_.connection().run(kFind, {tailnet.str(), id.str()}));
}

bool SqlUserStore::hold(const TailnetId& tailnet, const UserId& id) {
  const auto& statement = work_.dialect().engine == Engine::postgres ? kHoldOnPostgres : kHoldOnSqlite;
  return !work_.connection().run(statement, {tailnet.str(), id.str()}).empty();
}

std::optional<identity::User> SqlUserStore::find_by_login(const TailnetId& tailnet,
                                                          std::string_view login_name) {
  return first_of(work_.connection().run(kFindByLogin, {tailnet.str(), to_lower(login_name)}));
}

std::optional<identity::User> SqlUserStore::find_owner(const TailnetId& tailnet) {
  return first_of(work_.connection().run(kFindOwner, {tailnet.str()}));
}

std::vector<identity::User> SqlUserStore::list(const TailnetId& tailnet) {
  std::vector<identity::User> users;
  for (const auto& row : work_.connection().run(kList, {tailnet.str()})) users.push_back(user_of(row));
  return users;
}

bool SqlUserStore::insert(const identity::User& user, const audit::Act& act) {
  auto& connection = work_.connection();
  connection.run(kInsert, {user.id.str(), user.tailnet.str(), user.login_name, to_lower(user.login_name),
                           user.display_name, std::string(to_string(user.role)),
                           std::string(to_string(user.status)), time_value(user.created)});
  if (connection.changed() == 0) return false;
  work_.record(act);
  return true;
}

// A login name that is free here may be taken before the next statement, on another replica: that throws and
// the write queue runs the function again, which then sees it.
SqlUserStore::Written SqlUserStore::update(const identity::User& user, const audit::Act& act) {
  auto& connection = work_.connection();
  const auto holder = find_by_login(user.tailnet, user.login_name);
  if (holder && holder->id != user.id) return Written::login_taken;
  connection.run(kUpdate, {user.tailnet.str(), user.id.str(), user.display_name,
                           std::string(to_string(user.role)), std::string(to_string(user.status)),
                           user.login_name, to_lower(user.login_name), user.revision});
  if (connection.changed() != 1) throw TransactionConflict("a user changed since he was read");
  work_.record(act);
  return Written::done;
}

void SqlUserStore::remove(const identity::User& user, const audit::Act& act) {
  auto& connection = work_.connection();
  connection.run(kRemove, {user.tailnet.str(), user.id.str(), user.revision});
  if (connection.changed() != 1) throw TransactionConflict("a user changed since he was read");
  work_.record(act);
}

void SqlUserStore::hold(const identity::User& user) {
  auto& connection = work_.connection();
  connection.run(kHold, {user.tailnet.str(), user.id.str(), user.revision});
  if (connection.changed() != 1) throw TransactionConflict("a user changed since he was read");
}

}  // namespace latchkey::storage
