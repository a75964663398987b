// Laying out HuJSON: the form that upstream's formatter gives it, and strict JSON.
#pragma once

#include <string>

#include "core/policy/hujson.h"

namespace latchkey::policy {

// Tabs, aligned values, a trailing comma in what is spread over lines, comments kept: byte for byte what
// tailscale/hujson's Format makes of it. Clients compare the hash of this text with the policy file's ETag.
std::string format_hujson(HujsonValue value);

// Without comments, trailing commas and white space.
std::string to_strict_json(const HujsonValue& value);

}  // namespace latchkey::policy
