#include "crypto/blake2s.h"

#include <algorithm>

#include "crypto/openssl_handle.h"

namespace latchkey::crypto {
namespace {

constexpr std::size_t kBlock = 64;

// Fetched once: an implicit look-up in each call takes a global lock.
const EVP_MD* algorithm() {
  static const EvpMd fetched(EVP_MD_fetch(nullptr, "BLAKE2S-256", nullptr));
  require(fetched != nullptr, "BLAKE2s is not available");
  return fetched.get();
}

EVP_MD_CTX* thread_context() {
  thread_local const EvpMdCtx context(EVP_MD_CTX_new());
  require(context != nullptr, "no digest context");
  return context.get();
}

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Digest digest_of(std::string_view first, std::initializer_list<std::string_view> parts) {
  auto* context = thread_context();
  require(EVP_DigestInit_ex2(context, algorithm(), nullptr) == 1, "BLAKE2s failed");
  require(EVP_DigestUpdate(context, first.data(), first.size()) == 1, "BLAKE2s failed");
  for (const auto part : parts) {
    require(EVP_DigestUpdate(context, part.data(), part.size()) == 1, "BLAKE2s failed");
  }
  Digest digest;
  unsigned size = 0;
  require(EVP_DigestFinal_ex(context, digest.data(), &size) == 1 && size == digest.size(), "BLAKE2s failed");
  return digest;
}

}  // namespace

Digest blake2s(std::initializer_list<std::string_view> parts) {
  return digest_of({}, parts);
}

Digest hmac_blake2s(std::span<const std::uint8_t> key, std::initializer_list<std::string_view> parts) {
  std::array<std::uint8_t, kBlock> pad{};
  if (key.size() > kBlock) {
    const Digest shortened = blake2s({as_text(key)});
    std::ranges::copy(shortened, pad.begin());
  } else {
    std::ranges::copy(key, pad.begin());
  }
  for (auto& byte : pad) byte ^= 0x36;
  Digest inner = digest_of(as_text(pad), parts);
  for (auto& byte : pad) byte ^= 0x36 ^ 0x5c;
  const Digest outer = digest_of(as_text(pad), {as_text(inner)});
  wipe(pad.data(), pad.size());
  wipe(inner.data(), inner.size());
  return outer;
}

NoiseKeys noise_hkdf(const Key256& chaining_key, std::span<const std::uint8_t> input) {
  Digest temporary = hmac_blake2s(chaining_key.expose(), {as_text(input)});
  Digest first = hmac_blake2s(temporary, {"\x01"});
  Digest second = hmac_blake2s(temporary, {as_text(first), "\x02"});
  NoiseKeys keys{Key256(first), Key256(second)};
  for (auto* digest : {&temporary, &first, &second}) wipe(digest->data(), digest->size());
  return keys;
}

}  // namespace latchkey::crypto
