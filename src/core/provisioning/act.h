// What the sync writes of what it does beside the life of a person: attributes of people, and groups.
#pragma once

#include <boost/json/object.hpp>
#include <span>

#include "core/audit/act.h"
#include "core/identity/caller.h"
#include "core/identity/group.h"
#include "core/identity/user.h"

namespace latchkey::provisioning {

// USER.PUSH_USER.ATTRIBUTES, with what differs: the names of the attributes, not addresses or numbers.
audit::Act pushed_user(const identity::User& user, const identity::Caller& caller,
                       const boost::json::object& was, const boost::json::object& is, TimePoint now);

// GROUP.CREATE, GROUP.PUSH_GROUP.ATTRIBUTES, GROUP.DELETE.
audit::Act act_on_group(const identity::Group& group, const identity::Caller& caller, audit::Action action,
                        TimePoint now);

// Ids in a record: the first of them, and how many there are.
inline constexpr std::size_t kMaxRecordedIds = 50;
boost::json::object recorded_ids(std::span<const identity::GroupMember> members);

}  // namespace latchkey::provisioning
