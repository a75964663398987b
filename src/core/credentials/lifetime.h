// How long each kind of credential lives: one table, the same for the API, the command line and the console.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "base/time.h"
#include "core/credentials/key_text.h"

namespace latchkey::credentials {

struct Lifetime {
  seconds least;
  seconds most;
  seconds standard;  // when none is asked for
};

// Nothing for kinds that do not expire (SCIM keys, webhook secrets) or not yet exist without expiry.
std::optional<Lifetime> lifetime_of(KeyType type);

// The accepted lifetime. Absent and 0 mean the standard one, never "for ever". Out of range is refused.
// `longest` is the operator's own limit, which can only lower the table's.
Result<seconds> choose_lifetime(KeyType type, std::optional<std::int64_t> expiry_seconds,
                                std::optional<seconds> longest = std::nullopt);

// Of an OAuth client: none unless asked for, up to kLongestClientLife.
inline constexpr days kLongestClientLife{3650};
Result<std::optional<seconds>> choose_client_lifetime(std::optional<std::int64_t> expiry_seconds);

}  // namespace latchkey::credentials
