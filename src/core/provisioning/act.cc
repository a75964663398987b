#include "core/provisioning/act.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <set>
#include <string>

namespace latchkey::provisioning {
namespace {

namespace json = boost::json;

constexpr std::string_view kAttributes = "ATTRIBUTES";

// Names of a person may stand in the log; addresses, telephone numbers and certificates need not.
bool is_recorded(std::string_view attribute) {
  constexpr std::string_view kRecorded[] = {"displayName", "externalId", "name", "title", "userType"};
  return std::ranges::find(kRecorded, attribute) != std::end(kRecorded);
}

}  // namespace

audit::Act pushed_user(const identity::User& user, const identity::Caller& caller, const json::object& was,
                       const json::object& is, TimePoint now) {
  std::set<std::string> differ;
  for (const auto* side : {&was, &is}) {
    for (const auto& member : *side) {
      const auto* a = was.if_contains(member.key());
      const auto* b = is.if_contains(member.key());
      if (a == nullptr || b == nullptr || *a != *b) differ.emplace(member.key());
    }
  }
  json::object old_value;
  json::object new_value;
  std::string names;
  for (const auto& name : differ) {
    names += names.empty() ? name : ", " + name;
    if (!is_recorded(name)) continue;
    if (const auto* value = was.if_contains(name)) old_value[name] = *value;
    if (const auto* value = is.if_contains(name)) new_value[name] = *value;
  }
  audit::Act act;
  act.record = identity::record_by(
      caller, audit::Action::push_user,
      {user.id.str(), user.login_name, audit::TargetType::user, std::string(kAttributes)}, now);
  act.record.old_value = std::move(old_value);
  act.record.new_value = std::move(new_value);
  act.record.details = "changed: " + names;
  act.change = {audit::ChangeKind::user_updated, user.tailnet, user.id.str(), 0, now};
  return act;
}

audit::Act act_on_group(const identity::Group& group, const identity::Caller& caller, audit::Action action,
                        TimePoint now) {
  const bool pushed = action == audit::Action::push_group;
  audit::Act act;
  act.record = identity::record_by(caller, action,
                                   {group.id.str(), group.name, audit::TargetType::group,
                                    pushed ? std::string(kAttributes) : std::string()},
                                   now);
  act.change = {audit::ChangeKind::group_updated, group.tailnet, group.id.str(), 0, now};
  return act;
}

json::object recorded_ids(std::span<const identity::GroupMember> members) {
  json::array ids;
  for (const auto& member : members.first(std::min(members.size(), kMaxRecordedIds))) {
    ids.emplace_back(member.id);
  }
  return {{"count", members.size()}, {"first", std::move(ids)}};
}

}  // namespace latchkey::provisioning
