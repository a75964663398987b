#include "core/provisioning/groups.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <map>

#include "core/identity/group_store.h"
#include "core/provisioning/act.h"
#include "core/provisioning/provisioning_store.h"
#include "core/provisioning/role_mapping.h"
#include "core/provisioning/switch.h"
#include "core/scim/document.h"
#include "core/scim/refusal.h"
#include "core/scim/rendering.h"
#include "core/tailnet/settings_store.h"
#include "crypto/random.h"

namespace latchkey::provisioning {
namespace {

namespace json = boost::json;
using identity::Group;
using identity::GroupMember;
using scim::text_in;
using Members = std::vector<GroupMember>;

Error no_such_group() {
  return not_found("There is no such group.");
}

Error name_taken() {
  return scim::refuse(scim::ScimType::uniqueness, "displayName is already taken.", "displayName");
}

Result<void> begin(const Sync& sync) {
  sync.tx.settings().hold(sync.caller.tailnet);
  TRY(require_enabled(sync.tx, sync.caller.tailnet));
  TRY(identity::authorize<Operation::manage_groups>(sync.caller));
  return {};
}

Result<Group> find(const Sync& sync, const GroupId& id) {
  auto group = sync.tx.groups().find(sync.caller.tailnet, id);
  if (!group) return no_such_group();
  return *std::move(group);
}

json::object document_of(const Group& group, const Members& members) {
  json::object document;
  document["displayName"] = group.name;
  if (!group.external_id.empty()) document["externalId"] = group.external_id;
  json::array list;
  list.reserve(members.size());
  for (const auto& member : members) {
    list.push_back(json::object{{"value", member.id}, {"type", member.is_group ? "Group" : "User"}});
  }
  if (!list.empty()) document["members"] = std::move(list);
  return document;
}

json::object shown_document(const Sync& sync, const Group& group, const Members& members) {
  return scim::complete_document(scim::group_type(), document_of(group, members),
                                 {group.id.str(), group.created, group.modified, group.revision},
                                 sync.base_url);
}

ShownGroup shown(const Sync& sync, const Group& group, const Members& members) {
  ShownGroup shown{{}, group.id.str(), scim::version_text(group.revision)};
  if (members.size() <= kMaxShownMembers) shown.document = shown_document(sync, group, members);
  return shown;
}

// The ids that a document lists, each once.
std::vector<std::string> member_ids(const json::object& document) {
  std::vector<std::string> ids;
  if (const auto* list = document.if_contains("members"); list != nullptr && list->is_array()) {
    for (const auto& each : list->get_array()) {
      if (each.is_object()) ids.push_back(text_in(each.get_object(), "value"));
    }
  }
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  std::erase(ids, "");
  return ids;
}

struct MemberChange {
  Members added, removed;
  std::size_t unknown = 0;
};

Result<MemberChange> compare(const Sync& sync, const Group& group, const Members& before,
                             const json::object& document) {
  const auto wanted = member_ids(document);
  MemberChange change;
  std::vector<std::string> fresh;
  for (const auto& id : wanted) {
    if (!std::ranges::binary_search(before, id, {}, &GroupMember::id)) fresh.push_back(id);
  }
  for (const auto& member : before) {
    if (!std::ranges::binary_search(wanted, member.id)) change.removed.push_back(member);
  }
  if (fresh.empty()) return change;
  change.added = sync.tx.groups().known_members(sync.caller.tailnet, fresh);
  std::erase_if(change.added, [&](const GroupMember& member) { return member.id == group.id.str(); });
  change.unknown = fresh.size() - change.added.size();
  if (change.unknown > 0 && sync.rules.strict_members) {
    return scim::refuse(scim::ScimType::invalid_value,
                        std::to_string(change.unknown) + " of the members do not exist.", "members");
  }
  return change;
}

void record_members(audit::Act& act, const MemberChange& change) {
  json::object value;
  if (!change.added.empty()) value["added"] = recorded_ids(change.added);
  if (!change.removed.empty()) value["removed"] = recorded_ids(change.removed);
  if (!value.empty()) act.record.new_value = std::move(value);
  if (change.unknown > 0) {
    act.record.details = "members left out because they do not exist: " + std::to_string(change.unknown);
  }
}

Result<void> write_members(const Sync& sync, const Group& group, const MemberChange& change) {
  auto& groups = sync.tx.groups();
  if (!change.removed.empty()) groups.remove_members(group.tailnet, group.id, change.removed);
  if (!change.added.empty()) groups.add_members(group.tailnet, group.id, change.added);
  TRY(judge_roles(sync.tx, sync.caller, group, false, change.removed, sync.now));
  return judge_roles(sync.tx, sync.caller, group, true, change.added, sync.now);
}

Members after(const Members& before, const MemberChange& change) {
  Members members;
  for (const auto& member : before) {
    if (!std::ranges::binary_search(change.removed, member)) members.push_back(member);
  }
  members.insert(members.end(), change.added.begin(), change.added.end());
  std::ranges::sort(members);
  return members;
}

Result<std::map<std::string, Members>> members_of(const Sync& sync, std::span<const Group> groups) {
  std::vector<std::string> ids;
  for (const auto& group : groups) ids.push_back(group.id.str());
  auto all = sync.tx.provisioning().members(sync.caller.tailnet, ids, kMaxListedMembers + 1);
  if (std::ssize(all) > kMaxListedMembers) {
    return scim::refuse(scim::ScimType::too_many, "These groups have more than " +
                                                      std::to_string(kMaxListedMembers) +
                                                      " members: ask for fewer, or exclude members.");
  }
  std::map<std::string, Members> members;
  for (auto& each : all) members[each.group.str()].push_back(std::move(each.member));
  return members;
}

}  // namespace

Result<ShownGroup> read_group(const Sync& sync, const GroupId& id, bool with_members) {
  TRY(require_enabled(sync.tx, sync.caller.tailnet));
  TRY(identity::authorize<Operation::manage_groups>(sync.caller));
  TRY(const auto group, find(sync, id));
  const auto members = with_members ? sync.tx.groups().members(group.tailnet, id) : Members{};
  return ShownGroup{shown_document(sync, group, members), id.str(), scim::version_text(group.revision)};
}

Result<Page> list_groups(const Sync& sync, const scim::ListPlan& plan) {
  TRY(require_enabled(sync.tx, sync.caller.tailnet));
  TRY(identity::authorize<Operation::manage_groups>(sync.caller));
  const auto& tailnet = sync.caller.tailnet;
  auto& store = sync.tx.provisioning();
  Listing<Group> listing;
  listing.costly = "members";
  listing.count = [&](auto terms) { return store.count_groups(tailnet, terms); };
  listing.read = [&](auto terms, Window window) { return store.list_groups(tailnet, terms, window); };
  listing.documents = [&](auto groups, bool with_members) -> Result<std::vector<json::object>> {
    std::map<std::string, Members> members;
    if (with_members) {
      TRY(members, members_of(sync, groups));
    }
    std::vector<json::object> documents;
    documents.reserve(groups.size());
    for (const auto& group : groups)
      documents.push_back(shown_document(sync, group, members[group.id.str()]));
    return documents;
  };
  return run(plan, listing);
}

Result<ShownGroup> create_group(const Sync& sync, const json::object& document) {
  TRY(begin(sync));
  const auto& tailnet = sync.caller.tailnet;
  if (sync.tx.provisioning().count_groups(tailnet, {}) >= kMaxGroups) {
    return scim::refuse(scim::ScimType::too_many,
                        "A tailnet has at most " + std::to_string(kMaxGroups) + " groups.");
  }
  Group group;
  group.id = GroupId(id_text('g', crypto::random_bits()));
  group.tailnet = tailnet;
  group.name = text_in(document, "displayName");
  group.external_id = text_in(document, "externalId");
  group.created = group.modified = sync.now;
  TRY(const auto change, compare(sync, group, {}, document));
  auto act = act_on_group(group, sync.caller, audit::Action::create, sync.now);
  record_members(act, change);
  if (!sync.tx.groups().insert(group, act)) return name_taken();
  TRY(write_members(sync, group, change));
  return shown(sync, group, after({}, change));
}

Result<ShownGroup> change_group(const Sync& sync, const GroupId& id, const Expected& expected,
                                const Change& change) {
  TRY(begin(sync));
  TRY(auto group, find(sync, id));
  TRY(check_expected(expected, scim::version_text(group.revision)));
  const auto before = sync.tx.groups().members(group.tailnet, id);
  auto stored = document_of(group, before);
  stored["id"] = id.str();
  TRY(const auto document, change(scim::finish_document(scim::group_type(), std::move(stored))));
  TRY(const auto members, compare(sync, group, before, document));
  const auto name = text_in(document, "displayName");
  const auto external_id = text_in(document, "externalId");
  const bool renamed = name != group.name || external_id != group.external_id;
  if (!renamed && members.added.empty() && members.removed.empty()) return shown(sync, group, before);

  const auto old_name = std::exchange(group.name, name);
  group.external_id = external_id;
  ++group.revision;
  group.modified = sync.now;
  auto act = act_on_group(group, sync.caller, audit::Action::push_group, sync.now);
  record_members(act, members);
  if (old_name != name) act.record.old_value = json::object{{"displayName", old_name}};
  if (!sync.tx.groups().update(group, act)) return name_taken();
  TRY(write_members(sync, group, members));
  return shown(sync, group, after(before, members));
}

Result<void> remove_group(const Sync& sync, const GroupId& id, const Expected& expected) {
  TRY(begin(sync));
  TRY(const auto group, find(sync, id));
  TRY(check_expected(expected, scim::version_text(group.revision)));
  const auto members = sync.tx.groups().members(group.tailnet, id);
  sync.tx.groups().remove(group.tailnet, id,
                          act_on_group(group, sync.caller, audit::Action::delete_, sync.now));
  return judge_roles(sync.tx, sync.caller, group, false, members, sync.now);
}

Result<std::vector<Group>> list_groups(core::Tx& tx, const identity::Permit<Operation::list_users>& may) {
  return tx.groups().list(may.tailnet(), kMaxGroups);
}

Result<GroupWithMembers> find_group(core::Tx& tx, const identity::Permit<Operation::read_user>& may,
                                    const std::string& reference) {
  auto group = tx.groups().find(may.tailnet(), GroupId(reference));
  if (!group) group = tx.groups().find_by_name(may.tailnet(), reference);
  if (!group) return not_found("group not found");
  auto members = tx.groups().members(may.tailnet(), group->id);
  return GroupWithMembers{*std::move(group), std::move(members)};
}

}  // namespace latchkey::provisioning
