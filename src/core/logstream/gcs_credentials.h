// Credentials for Google's cloud by workload identity federation: how a token of Amazon's cloud is exchanged
// for one of Google's (https://google.aip.dev/auth/4117). They hold no secret.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace latchkey::logstream {

inline constexpr std::size_t kMaxGcsCredentials = 16UL * 1024;  // bytes

// The same credentials as upstream gives them back, byte for byte, since clients compare texts: the known
// members in a fixed order, without spaces, with <, > and & escaped; other members are dropped. Refuses what
// is no JSON object, is of another type, or holds a secret (a service account's key), and sources other than
// Amazon's, whose members would be lost.
Result<std::string> canonical_gcs_credentials(std::string_view text);

}  // namespace latchkey::logstream
