// People and groups as the provisioning stores hold them.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/identity/group.h"
#include "core/identity/user.h"

namespace latchkey::provisioning {

// What an identity provider said of a person. The user's own row decides his name and whether he may come in.
struct KeptUser {
  boost::json::object document;  // without userName, active and what the service adds
  std::string external_id;       // as in the document, for queries
  bool active_removed = false;   // the provider took the attribute away: counts as not active
  std::uint64_t revision = 1;
  TimePoint modified{};

  bool operator==(const KeptUser&) const = default;
};

struct UserResource {
  identity::User user;
  std::optional<KeptUser> kept;
  bool suspended_by_sync = false;
};

struct Membership {
  GroupId group;
  std::string group_name;
  identity::GroupMember member;
};

// Part of a list: so many, from there on.
struct Window {
  std::int64_t offset = 0;
  std::int64_t limit = 0;
};

}  // namespace latchkey::provisioning
