#include "storage/group_store.h"

#include <algorithm>

#include "base/text.h"
#include "storage/columns.h"
#include "storage/interned_statement.h"

namespace latchkey::storage {
namespace {

using identity::Group;
using identity::GroupMember;

#define COUNTED                                                                                           \
  GROUP_COLUMNS                                                                                           \
  ", (SELECT COUNT(*) FROM group_members m WHERE m.tailnet_id = synced_groups.tailnet_id AND m.group_id " \
  "= synced_groups.id)"

const Statement kFind{"SELECT " COUNTED " FROM synced_groups WHERE tailnet_id = $1 AND id = $2"};
const Statement kFindByName{"SELECT " COUNTED
                            " FROM synced_groups WHERE tailnet_id = $1 AND name_folded = $2"};
const Statement kList{"SELECT " COUNTED
                      " FROM synced_groups WHERE tailnet_id = $1 ORDER BY name_folded LIMIT $2"};
const Statement kMembers{
    "SELECT member_id, inner_group_id FROM group_members WHERE tailnet_id = $1 AND group_id = $2"};
const Statement kFindByDomain{
    "SELECT g.id FROM synced_groups g JOIN tailnets t ON t.id = g.tailnet_id"
    " WHERE g.tailnet_id = $1 AND g.name_folded = $2 AND t.name_folded = $3"};
const Statement kFindById{
    "SELECT id FROM synced_groups WHERE tailnet_id = $1 AND (id = $2 OR external_id = $2)"
    " ORDER BY CASE WHEN id = $2 THEN 0 ELSE 1 END, created_at, id LIMIT 1"};
const Statement kLogins{
    "SELECT u.login_folded FROM group_members m"
    " JOIN users u ON u.tailnet_id = m.tailnet_id AND u.id = m.user_id"
    " WHERE m.tailnet_id = $1 AND m.group_id = $2"};
const Statement kGroupsOf{
    "SELECT " GROUP_COLUMNS
    " FROM synced_groups WHERE tailnet_id = $1 AND id IN (SELECT group_id FROM group_members"
    " WHERE tailnet_id = $1 AND user_id = $2) ORDER BY name_folded"};
const Statement kInsert{"INSERT INTO synced_groups (" GROUP_COLUMNS
                        ", name_folded) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"};
const Statement kNameTaken{
    "SELECT id FROM synced_groups WHERE tailnet_id = $1 AND name_folded = $2 AND id <> $3"};
const Statement kUpdate{
    "UPDATE synced_groups SET name = $3, name_folded = $4, external_id = $5, role = $6, revision = $7,"
    " modified_at = $8 WHERE tailnet_id = $1 AND id = $2"};
const Statement kRemove{"DELETE FROM synced_groups WHERE tailnet_id = $1 AND id = $2"};
const Statement kAddMember{
    "INSERT INTO group_members (tailnet_id, group_id, member_id, user_id, inner_group_id)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"};
const Statement kRemoveMember{
    "DELETE FROM group_members WHERE tailnet_id = $1 AND group_id = $2 AND member_id = $3"};
std::optional<Group> first_of(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return group_of(rows.front());
}

std::vector<Group> groups_of_rows(const Rows& rows) {
  std::vector<Group> groups;
  groups.reserve(rows.size());
  for (const auto& row : rows) groups.push_back(group_of(row));
  return groups;
}

Value role_value(const Group& group) {
  return group.role ? Value(std::string(to_string(*group.role))) : Value();
}

}  // namespace

Group group_of(const Row& row) {
  Group group;
  group.id = GroupId(row[0].text());
  group.tailnet = TailnetId(row[1].text());
  group.name = row[2].text();
  group.external_id = row[3].maybe_text().value_or("");
  if (const auto role = row[4].maybe_text()) {
    group.role = identity::role_from(*role);
    if (!group.role) throw DatabaseError("a group has an unknown role");
  }
  group.revision = static_cast<std::uint64_t>(row[5].number());
  group.created = time_of(row[6]);
  group.modified = time_of(row[7]);
  if (row.size() > 8) group.members = row[8].number();
  return group;
}

std::optional<Group> SqlGroupStore::find(const TailnetId& tailnet, const GroupId& id) {
  return first_of(work_.connection().run(kFind, {tailnet.str(), id.str()}));
}

std::optional<Group> SqlGroupStore::find_by_name(const TailnetId& tailnet, std::string_view name) {
  return first_of(work_.connection().run(kFindByName, {tailnet.str(), to_lower(name)}));
}

std::vector<Group> SqlGroupStore::list(const TailnetId& tailnet, std::int64_t limit) {
  return groups_of_rows(work_.connection().run(kList, {tailnet.str(), limit}));
}

std::vector<GroupMember> SqlGroupStore::members(const TailnetId& tailnet, const GroupId& id) {
  std::vector<GroupMember> members;
  for (const auto& row : work_.connection().run(kMembers, {tailnet.str(), id.str()})) {
    members.push_back({row[0].text(), !row[1].is_null()});
  }
  std::ranges::sort(members);  // by bytes, whatever the engine's order of texts is
  return members;
}

std::optional<std::vector<std::string>> SqlGroupStore::logins_of(const TailnetId& tailnet,
                                                                 const identity::GroupReference& reference) {
  auto& connection = work_.connection();
  const auto found = reference.id.empty()
                         ? connection.run(kFindByDomain, {tailnet.str(), reference.name, reference.domain})
                         : connection.run(kFindById, {tailnet.str(), reference.id});
  if (found.empty()) return std::nullopt;
  std::vector<std::string> logins;
  for (const auto& row : connection.run(kLogins, {tailnet.str(), found[0][0].text()})) {
    logins.push_back(row[0].text());
  }
  std::ranges::sort(logins);
  return logins;
}

std::vector<Group> SqlGroupStore::groups_of(const TailnetId& tailnet, const UserId& user) {
  return groups_of_rows(work_.connection().run(kGroupsOf, {tailnet.str(), user.str()}));
}

std::vector<GroupMember> SqlGroupStore::known_members(const TailnetId& tailnet,
                                                      std::span<const std::string> ids) {
  std::vector<GroupMember> known;
  const auto take = [&](const char* table, std::span<const std::string> some, bool groups) {
    std::vector<Value> parameters{tailnet.str()};
    append_padded(parameters, some);
    const auto& statement =
        interned("SELECT id FROM " + std::string(table) + " WHERE tailnet_id = $1 AND id IN (" +
                 parameter_list(2, some.size()) + ")");
    for (const auto& row : work_.connection().run(statement, parameters)) {
      known.push_back({row[0].text(), groups});
    }
  };
  while (!ids.empty()) {
    const auto some = ids.first(std::min(ids.size(), kMostListed));
    ids = ids.subspan(some.size());
    take("users", some, false);
    take("synced_groups", some, true);
  }
  return known;
}

bool SqlGroupStore::insert(const Group& group, const audit::Act& act) {
  auto& connection = work_.connection();
  connection.run(kInsert, {group.id.str(), group.tailnet.str(), group.name, text_or_null(group.external_id),
                           role_value(group), static_cast<std::int64_t>(group.revision),
                           time_value(group.created), time_value(group.modified), to_lower(group.name)});
  if (connection.changed() == 0) return false;
  work_.record(act);
  return true;
}

bool SqlGroupStore::update(const Group& group, const audit::Act& act) {
  auto& connection = work_.connection();
  const auto folded = to_lower(group.name);
  if (!connection.run(kNameTaken, {group.tailnet.str(), folded, group.id.str()}).empty()) return false;
  connection.run(kUpdate,
                 {group.tailnet.str(), group.id.str(), group.name, folded, text_or_null(group.external_id),
                  role_value(group), static_cast<std::int64_t>(group.revision), time_value(group.modified)});
  if (connection.changed() != 1) throw DatabaseError("the group to be changed does not exist");
  work_.record(act);
  return true;
}

void SqlGroupStore::remove(const TailnetId& tailnet, const GroupId& id, const audit::Act& act) {
  work_.connection().run(kRemove, {tailnet.str(), id.str()});
  work_.record(act);
}

void SqlGroupStore::add_members(const TailnetId& tailnet, const GroupId& id,
                                std::span<const GroupMember> members) {
  for (const auto& member : members) {
    work_.connection().send(kAddMember,
                            {tailnet.str(), id.str(), member.id, member.is_group ? Value() : Value(member.id),
                             member.is_group ? Value(member.id) : Value()});
  }
}

void SqlGroupStore::remove_members(const TailnetId& tailnet, const GroupId& id,
                                   std::span<const GroupMember> members) {
  for (const auto& member : members) {
    work_.connection().send(kRemoveMember, {tailnet.str(), id.str(), member.id});
  }
}

}  // namespace latchkey::storage
