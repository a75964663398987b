#include "core/signon/keys.h"

#include "base/text.h"
#include "crypto/random.h"

namespace latchkey::signon {
namespace {

constexpr std::size_t kTextBytes = 32;

// Stored digests depend on these words: they never change.
std::string_view word_of(TextKind kind) {
  switch (kind) {
    case TextKind::session:
      return "session";
    case TextKind::link:
      return "link";
    case TextKind::state:
      return "state";
    case TextKind::browser:
      return "browser";
  }
  return {};
}

std::string_view bytes_of(const crypto::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

SecretString SignOnKeys::new_text() {
  auto bytes = crypto::random_array<kTextBytes>();
  SecretString text(to_base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  wipe(bytes.data(), bytes.size());
  return text;
}

bool SignOnKeys::is_text(std::string_view text) {
  const auto bytes = from_base64url(text);
  return bytes && bytes->size() == kTextBytes;
}

crypto::Digest SignOnKeys::digest(TextKind kind, std::string_view text) const {
  return key_.sign(std::string(word_of(kind)) + ":" + std::string(text));
}

std::string SignOnKeys::derived(std::string_view purpose, std::string_view text) const {
  return to_base64url(bytes_of(key_.sign(std::string(purpose) + ":" + std::string(text))));
}

std::string SignOnKeys::nonce_of(std::string_view state) const {
  return derived("nonce", state);
}

SecretString SignOnKeys::verifier_of(std::string_view state) const {
  return SecretString(derived("verifier", state));
}

std::string SignOnKeys::form_token(std::string_view session_text) const {
  return derived("form", session_text);
}

std::string challenge_of(const SecretString& verifier) {
  return to_base64url(bytes_of(crypto::sha256(verifier.expose())));
}

}  // namespace latchkey::signon
