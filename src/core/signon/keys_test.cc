#include "core/signon/keys.h"

#include <gtest/gtest.h>

#include <array>

namespace latchkey::signon {
namespace {

SignOnKeys keys(std::uint8_t first = 1) {
  return SignOnKeys(crypto::HmacKey(std::array<std::uint8_t, 32>{first}));
}

TEST(SignOnKeys, TextsAreLongRandomAndRecognised) {
  const auto text = SignOnKeys::new_text();
  EXPECT_EQ(text.expose().size(), 43U);
  EXPECT_TRUE(SignOnKeys::is_text(text.expose()));
  EXPECT_NE(text.expose(), SignOnKeys::new_text().expose());
  for (const char* other : {"", "short", "a b", "../../../../../../../../../../../../../../etc/passwd"}) {
    EXPECT_FALSE(SignOnKeys::is_text(other)) << other;
  }
}

TEST(SignOnKeys, ATextForOnePurposeIsNothingForAnother) {
  const auto mine = keys();
  const auto text = SignOnKeys::new_text();
  EXPECT_NE(mine.digest(TextKind::session, text.expose()), mine.digest(TextKind::link, text.expose()));
  EXPECT_NE(mine.digest(TextKind::state, text.expose()), mine.digest(TextKind::browser, text.expose()));
  EXPECT_NE(mine.digest(TextKind::session, text.expose()), keys(2).digest(TextKind::session, text.expose()));
  EXPECT_NE(mine.nonce_of("s"), mine.verifier_of("s").expose());
  EXPECT_NE(mine.nonce_of("s"), mine.form_token("s"));
  EXPECT_EQ(mine.nonce_of("s"), keys().nonce_of("s"));
}

TEST(SignOnKeys, TheChallengeIsThatOfTheSpecification) {
  // RFC 7636 appendix B.
  EXPECT_EQ(challenge_of(SecretString(std::string("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

}  // namespace
}  // namespace latchkey::signon
