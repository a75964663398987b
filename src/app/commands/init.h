// latchkey init: makes a tailnet with its owner and the owner's first API access token.
#pragma once

#include <string>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct InitFlags {
  LocalPlace place;
  std::string tailnet;
  std::string owner;
  OutputForm output = OutputForm::table;
};

Result<Exit> init(Screen& screen, const InitFlags& flags);

}  // namespace latchkey::app::commands
