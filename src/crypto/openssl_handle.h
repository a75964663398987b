// Owning handles for OpenSSL objects: one alias a type, freed by its own function. Internal to crypto.
#pragma once

#include <openssl/evp.h>
#include <openssl/kdf.h>

#include <memory>

#include "crypto/random.h"

namespace latchkey::crypto {

template <auto Free>
struct OpenSslFree {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using EvpMd = std::unique_ptr<EVP_MD, OpenSslFree<EVP_MD_free>>;
using EvpMdCtx = std::unique_ptr<EVP_MD_CTX, OpenSslFree<EVP_MD_CTX_free>>;
using EvpCipher = std::unique_ptr<EVP_CIPHER, OpenSslFree<EVP_CIPHER_free>>;
using EvpCipherCtx = std::unique_ptr<EVP_CIPHER_CTX, OpenSslFree<EVP_CIPHER_CTX_free>>;
using EvpKdf = std::unique_ptr<EVP_KDF, OpenSslFree<EVP_KDF_free>>;
using EvpKdfCtx = std::unique_ptr<EVP_KDF_CTX, OpenSslFree<EVP_KDF_CTX_free>>;

// OpenSSL's functions answer 1 for success; everything else ends the work in hand.
inline void require(bool success, const char* what) {
  if (!success) throw CryptoError(what);
}

}  // namespace latchkey::crypto
