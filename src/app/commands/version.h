// latchkey version: which program this is, and which libraries it runs with.
#pragma once

#include "app/output.h"
#include "base/result.h"

namespace latchkey::app::commands {

struct VersionFlags {
  OutputForm output = OutputForm::table;
};

Result<Exit> version(Screen& screen, const VersionFlags& flags);

}  // namespace latchkey::app::commands
