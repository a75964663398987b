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

// The two under one key, for who keeps secrets that must come back: the server has one, made from the root
// key (kSealPurpose). Const and safe from any thread.
class Sealer {
 public:
  explicit Sealer(Key256 key) : key_(std::move(key)) {}

  std::vector<std::uint8_t> seal(std::string_view context, const SecretString& plaintext) const {
    return crypto::seal(key_, context, plaintext);
  }
  std::optional<SecretString> open(std::string_view context, std::span<const std::uint8_t> sealed) const {
    return open_sealed(key_, context, sealed);
  }

 private:
  Key256 key_;
};

}  // namespace latchkey::crypto
