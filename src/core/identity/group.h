// A group of people that an identity provider keeps in step. The policy file knows it by its name or its id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "core/identity/role.h"

namespace latchkey::identity {

struct Group {
  GroupId id;
  TailnetId tailnet;
  std::string name;          // as the provider has it; unique in the tailnet, compared without case
  std::string external_id;   // the provider's own id; may be empty
  std::optional<Role> role;  // what its members are made
  std::int64_t members = 0;  // people and groups; counted where one is found or all are listed
  std::uint64_t revision = 1;
  TimePoint created{};
  TimePoint modified{};
};

// A person, or a group in a group: shown, but its people are not people of the outer one.
struct GroupMember {
  std::string id;
  bool is_group = false;

  auto operator<=>(const GroupMember&) const = default;
};

// How a policy file names a group: by its name in a tailnet, in lower case; or by its id, the provider's or
// this server's.
struct GroupReference {
  std::string name;
  std::string domain;
  std::string id;
};

}  // namespace latchkey::identity
