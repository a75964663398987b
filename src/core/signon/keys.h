// The texts of sign-on that only one browser knows: session cookies, one-time links, the state of a login
// under way. 256 random bits each; the database keeps a keyed digest.
//
// The nonce and the PKCE verifier of a login are made from its state, which comes back with the answer: so
// neither is kept anywhere. Const and safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/digest.h"

namespace latchkey::signon {

// What a text is for; one for one purpose does not fit another.
enum class TextKind { session, link, state, browser };

class SignOnKeys {
 public:
  // A key of its own, derived from the root key (crypto/root_key.h, kSignOnPurpose).
  explicit SignOnKeys(crypto::HmacKey key) : key_(std::move(key)) {}

  static SecretString new_text();  // 43 characters of base64url
  // Whether something presented has that form.
  static bool is_text(std::string_view text);

  crypto::Digest digest(TextKind kind, std::string_view text) const;

  std::string nonce_of(std::string_view state) const;
  SecretString verifier_of(std::string_view state) const;
  // What a form carries to prove that it is from a page of this session: bound to the session's cookie.
  std::string form_token(std::string_view session_text) const;

 private:
  std::string derived(std::string_view purpose, std::string_view text) const;
  crypto::HmacKey key_;
};

// RFC 7636 section 4.2, method S256.
std::string challenge_of(const SecretString& verifier);

}  // namespace latchkey::signon
