// Public keys as the control protocol writes them: a prefix and 64 hexadecimal digits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/x25519.h"

namespace latchkey::control {

inline constexpr std::string_view kMachineKey = "mkey:";
inline constexpr std::string_view kNodeKey = "nodekey:";
inline constexpr std::string_view kDiscoKey = "discokey:";
inline constexpr std::string_view kTailnetLockKey = "nlpub:";

std::string key_text(std::string_view prefix, const crypto::X25519PublicKey& key);

// In lower case, as it is stored and sent. The zero key means none: empty. Nothing when the text is no such
// key.
std::optional<std::string> canonical_key(std::string_view prefix, std::string_view text);

}  // namespace latchkey::control
