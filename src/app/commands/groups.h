// latchkey groups: what an identity provider keeps in step, and what its groups make their members.
#pragma once

#include <string>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct ListGroupsFlags {
  ServerChoice server;
  OutputForm output = OutputForm::table;
};

struct ShowGroupFlags {
  ServerChoice server;
  std::string group;  // id or name
  OutputForm output = OutputForm::table;
};

struct GroupRoleFlags {
  ServerChoice server;
  std::string group;  // id or name
  std::string role;   // "none": takes it away
  OutputForm output = OutputForm::table;
};

Result<Exit> list_groups(Screen& screen, const ListGroupsFlags& flags);
Result<Exit> show_group(Screen& screen, const ShowGroupFlags& flags);
Result<Exit> set_group_role(Screen& screen, const GroupRoleFlags& flags);

}  // namespace latchkey::app::commands
