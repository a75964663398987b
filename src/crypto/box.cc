#include "crypto/box.h"

#include <sodium.h>

#include "crypto/random.h"

namespace latchkey::crypto {
namespace {

static_assert(kBoxOverhead == crypto_box_MACBYTES);
static_assert(BoxPublicKey{}.size() == crypto_box_PUBLICKEYBYTES);
static_assert(BoxNonce{}.size() == crypto_box_NONCEBYTES);

// Picks the implementations that suit the processor.
void prepare() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) throw CryptoError("libsodium cannot be used");
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

BoxKeyPair box_keys_from(const Key256& secret) {
  prepare();
  BoxKeyPair pair{.secret = secret};
  crypto_scalarmult_base(pair.public_key.data(), secret.expose().data());
  return pair;
}

BoxKeyPair make_box_keys() {
  auto raw = random_array<32>();
  const Key256 secret(raw);
  wipe(raw.data(), raw.size());
  return box_keys_from(secret);
}

std::string box_seal(std::string_view clear, const BoxNonce& nonce, const BoxPublicKey& to,
                     const BoxKeyPair& from) {
  prepare();
  std::string box(clear.size() + kBoxOverhead, '\0');
  if (crypto_box_easy(reinterpret_cast<unsigned char*>(box.data()), bytes_of(clear), clear.size(),
                      nonce.data(), to.data(), from.secret.expose().data()) != 0) {
    throw CryptoError("no box can be made for this key");
  }
  return box;
}

std::optional<std::string> box_open(std::string_view box, const BoxNonce& nonce, const BoxPublicKey& from,
                                    const BoxKeyPair& to) {
  prepare();
  if (box.size() < kBoxOverhead) return std::nullopt;
  std::string clear(box.size() - kBoxOverhead, '\0');
  if (crypto_box_open_easy(reinterpret_cast<unsigned char*>(clear.data()), bytes_of(box), box.size(),
                           nonce.data(), from.data(), to.secret.expose().data()) != 0) {
    return std::nullopt;
  }
  return clear;
}

}  // namespace latchkey::crypto
