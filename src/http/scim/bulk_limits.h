// How much one bulk request may ask for.
#pragma once

#include "core/scim/discovery.h"

namespace latchkey::http {

inline constexpr scim::BulkSupport kBulkSupport{.max_operations = 1000, .max_payload_bytes = 1024 * 1024};

}  // namespace latchkey::http
