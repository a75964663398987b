// docs/scopes.md: scopes, operations and roles, printed from their tables.
#pragma once

#include <string>

namespace latchkey::app::commands {

std::string scopes_page();

}  // namespace latchkey::app::commands
