// Makes key texts and checks them. Holds the server's HMAC key for stored digests; const and safe from any
// thread. Lives as long as the server.
#pragma once

#include "core/credentials/key_text.h"
#include "crypto/digest.h"

namespace latchkey::credentials {

struct MintedKey {
  CredentialId id;
  SecretString text;
  crypto::Digest digest;  // what the database keeps
};

class KeyMint {
 public:
  explicit KeyMint(crypto::HmacKey digest_key) : digest_key_(std::move(digest_key)) {}

  MintedKey mint(KeyType type) const;
  // Another secret for the same id.
  MintedKey mint(KeyType type, CredentialId id) const;

  // HMAC-SHA-256 over the whole text, type and id included. 256 random bits need no slow hash.
  crypto::Digest digest(std::string_view key_text) const { return digest_key_.sign(key_text); }

 private:
  crypto::HmacKey digest_key_;
};

}  // namespace latchkey::credentials
