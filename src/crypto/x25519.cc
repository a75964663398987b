#include "crypto/x25519.h"

#include <openssl/err.h>

#include "crypto/openssl_handle.h"

namespace latchkey::crypto {
namespace {

using EvpKey = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;
using EvpKeyCtx = std::unique_ptr<EVP_PKEY_CTX, OpenSslFree<EVP_PKEY_CTX_free>>;

EvpKey load_private(const Key256& key) {
  EvpKey loaded(EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, key.expose().data(), 32));
  require(loaded != nullptr, "X25519 private key");
  return loaded;
}

}  // namespace

X25519KeyPair x25519_from_private(const Key256& private_key) {
  X25519KeyPair pair{private_key, {}};
  const EvpKey key = load_private(private_key);
  std::size_t size = pair.public_key.size();
  require(EVP_PKEY_get_raw_public_key(key.get(), pair.public_key.data(), &size) == 1 && size == 32,
          "X25519 public key");
  return pair;
}

X25519KeyPair x25519_generate() {
  return x25519_from_private(Key256(random_array<32>()));
}

std::optional<Key256> x25519(const Key256& private_key, const X25519PublicKey& peer) {
  const EvpKey own = load_private(private_key);
  const EvpKey other(EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, peer.data(), peer.size()));
  require(other != nullptr, "X25519 public key");
  const EvpKeyCtx context(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr));
  require(context != nullptr && EVP_PKEY_derive_init(context.get()) == 1 &&
              EVP_PKEY_derive_set_peer_ex(context.get(), other.get(), 0) == 1,
          "X25519");
  std::array<std::uint8_t, 32> shared{};
  std::size_t size = shared.size();
  // OpenSSL itself refuses the all-zero result.
  const bool derived = EVP_PKEY_derive(context.get(), shared.data(), &size) == 1 && size == shared.size();
  if (!derived) {
    ERR_clear_error();
    return std::nullopt;
  }
  Key256 result(shared);
  wipe(shared.data(), shared.size());
  return result;
}

}  // namespace latchkey::crypto
