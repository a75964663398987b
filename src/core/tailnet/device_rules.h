// What a tailnet's settings say about devices that log in.
#pragma once

#include "base/time.h"

namespace latchkey::tailnet {

struct DeviceRules {
  seconds key_duration{days{180}};  // of the node key of a login; a change of it leaves earlier logins alone
  bool approval_needed = false;     // new devices wait for an administrator, unless their key is pre-approved
};

}  // namespace latchkey::tailnet
