// latchkey scim: provisioning, its key and its guard.
#pragma once

#include <string>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

// For the commands that need nothing else: status, enable, refuse.
struct ScimFlags {
  ServerChoice server;
  OutputForm output = OutputForm::table;
};

struct DisableScimFlags {
  ServerChoice server;
  std::string key;  // revoke or keep; empty: asked
  bool yes = false;
  OutputForm output = OutputForm::table;
};

struct ScimKeyFlags {
  ServerChoice server;
  bool yes = false;
  OutputForm output = OutputForm::table;
};

struct ReleaseGuardFlags {
  ServerChoice server;
  std::string length;  // a duration; empty: the server's usual hour
  OutputForm output = OutputForm::table;
};

Result<Exit> enable_scim(Screen& screen, const ScimFlags& flags);
Result<Exit> disable_scim(Screen& screen, const DisableScimFlags& flags);
Result<Exit> generate_scim_key(Screen& screen, const ScimKeyFlags& flags);
Result<Exit> revoke_scim_key(Screen& screen, const ScimKeyFlags& flags);
Result<Exit> scim_status(Screen& screen, const ScimFlags& flags);
Result<Exit> release_guard(Screen& screen, const ReleaseGuardFlags& flags);
Result<Exit> refuse_guard(Screen& screen, const ScimFlags& flags);

}  // namespace latchkey::app::commands
