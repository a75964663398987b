// Finding a name for a device.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "core/tx.h"

namespace latchkey::tailnet {

// A name made from the host name that no device of the tailnet has but the one now called `own_name`.
std::string free_name(core::Tx& tx, const TailnetId& tailnet, std::string_view hostname,
                      std::string_view own_name = {});

}  // namespace latchkey::tailnet
