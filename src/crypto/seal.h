// Authenticated encryption of small secrets at rest: AES-256-GCM (NIST SP 800-38D) with a random 96-bit
// nonce.
//
// Sealed form, stored and fixed: one version byte 1, nonce (12), ciphertext, tag (16). `context` names what
// is sealed and for whom (table, tenant, id); it is authenticated, so a sealed value moved to another row
// does not open. One key seals at most 2^32 values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "crypto/digest.h"

namespace latchkey::crypto {

std::vector<std::uint8_t> seal(const Key256& key, std::string_view context, const SecretString& plaintext);

// Nothing when the key, the context or a single bit is wrong.
std::optional<SecretString> open_sealed(const Key256& key, std::string_view context,
                                        std::span<const std::uint8_t> sealed);

}  // namespace latchkey::crypto
