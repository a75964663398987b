// latchkey keys revoke --matching: looks first, shows, asks, and ends what was shown.
#pragma once

#include "app/commands/keys.h"

namespace latchkey::app::commands {

Result<Exit> revoke_matching_keys(Screen& screen, const RevokeKeysFlags& flags);

}  // namespace latchkey::app::commands
