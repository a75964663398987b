// Where this server's root key comes from: the setting, a file, a systemd credential, or the data directory,
// where one is made on the first start.
#pragma once

#include "app/settings.h"
#include "crypto/root_key.h"

namespace latchkey::app {

Result<crypto::Key256> obtain_root_key(const Settings& settings, const Log& log);

}  // namespace latchkey::app
