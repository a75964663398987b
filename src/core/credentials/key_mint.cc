#include "core/credentials/key_mint.h"

#include "crypto/random.h"

namespace latchkey::credentials {

MintedKey KeyMint::mint(KeyType type) const {
  return mint(type, CredentialId(id_text('k', crypto::random_bits())));
}

MintedKey KeyMint::mint(KeyType type, CredentialId id) const {
  auto random = crypto::random_array<32>();
  SecretString text = compose_key_text(type, id, random);
  wipe(random.data(), random.size());
  const auto stored = digest(text.expose());
  return MintedKey{std::move(id), std::move(text), stored};
}

}  // namespace latchkey::credentials
