#include "crypto/jws.h"

#include <gtest/gtest.h>

#include <array>

namespace latchkey::crypto {
namespace {

struct Vector {
  const char* what;
  JwsAlgorithm algorithm;
  std::string jwk;
  std::string input;
  std::string signature;
};

const std::string kClaims =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

const Vector kVectors[] = {
    {"RFC 7515 A.2", JwsAlgorithm::rs256,
     R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})",
     "eyJhbGciOiJSUzI1NiJ9." + kClaims,
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
     "O8W2Fp5jujGbds9uJdb"
     "F9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_"
     "eSN9383"
     "LcOLn6_dO--xi12jzDwusC-"
     "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWy"
     "wlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
    {"RFC 7515 A.3", JwsAlgorithm::es256,
     R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
     "eyJhbGciOiJFUzI1NiJ9." + kClaims,
     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
    {"RFC 7515 A.4", JwsAlgorithm::es512,
     R"({"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"})",
     "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA",
     "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_"
     "7XdtAG8GaSwFKdCAPZgo"
     "XD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"},
    {"RFC 8037 A.4", JwsAlgorithm::eddsa,
     R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
     "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
};

TEST(Jws, PublishedSignaturesVerify) {
  for (const auto& each : kVectors) {
    EXPECT_TRUE(verify_jws(each.algorithm, each.input + "." + each.signature, each.jwk)) << each.what;
  }
}

TEST(Jws, NothingElseVerifies) {
  for (const auto& each : kVectors) {
    const auto verifies = [&](const std::string& compact) {
      return verify_jws(each.algorithm, compact, each.jwk);
    };
    auto bent = each.signature;
    bent[3] = bent[3] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verifies(each.input + "." + bent)) << each.what;
    EXPECT_FALSE(verifies(each.input + "A." + each.signature)) << each.what;
    EXPECT_FALSE(verifies(each.input + ".")) << each.what;
    EXPECT_FALSE(verifies(each.input)) << each.what;
    EXPECT_FALSE(verifies("")) << each.what;
    for (const auto& other : kVectors) {
      if (&other == &each) continue;
      EXPECT_FALSE(verify_jws(each.algorithm, each.input + "." + each.signature, other.jwk)) << each.what;
    }
    for (const char* key :
         {"", "{}", "[]", R"({"kty":"oct","k":"AAAA"})", R"({"kty":"RSA","n":"","e":""})"}) {
      EXPECT_FALSE(verify_jws(each.algorithm, each.input + "." + each.signature, key)) << each.what << key;
    }
  }
}

TEST(Jws, StrengthOfKeysIsKnownBeforeTheyAreUsed) {
  const std::array bits{2048, 256, 521, 256};
  for (std::size_t i = 0; i < bits.size(); ++i) EXPECT_EQ(jwk_bits(kVectors[i].jwk), bits.at(i)) << i;
  for (const char* key : {"", "{}", R"({"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"})",
                          R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})", R"({"kty":"RSA","n":"AQAB"})"}) {
    EXPECT_EQ(jwk_bits(key), std::nullopt) << key;
  }
}

// The library would end the process at such a number.
TEST(Jws, NumbersThatAreNotBase64urlMakeNoKeyAndNoSignature) {
  const auto& rsa = kVectors[0];
  const auto& ec = kVectors[1];
  for (const char* number : {"AAAAA===", "A===", "====", "A=AA", "=", "AAAAA", "AA+A", "AA/A", "AA A"}) {
    const std::string text = number;
    EXPECT_FALSE(jwk_bits(R"({"kty":"RSA","n":"AQAB","e":")" + text + "\"}")) << text;
    EXPECT_FALSE(jwk_bits(R"({"kty":"RSA","e":"AQAB","n":")" + text + "\"}")) << text;
    EXPECT_FALSE(jwk_bits(R"({"kty":"EC","crv":"P-256","y":"AQAB","x":")" + text + "\"}")) << text;
    EXPECT_FALSE(jwk_bits(R"({"kty":"EC","crv":"P-256","x":"AQAB","y":")" + text + "\"}")) << text;
    EXPECT_FALSE(verify_jws(rsa.algorithm, rsa.input + "." + text, rsa.jwk)) << text;
    EXPECT_FALSE(verify_jws(ec.algorithm, ec.input + "." + text, ec.jwk)) << text;
    EXPECT_FALSE(verify_jws(ec.algorithm, text + "." + kClaims + "." + ec.signature, ec.jwk)) << text;
    EXPECT_FALSE(verify_jws(ec.algorithm, "eyJhbGciOiJFUzI1NiJ9." + text + "." + ec.signature, ec.jwk))
        << text;
  }
}

TEST(Jws, AlgorithmsAreTheAsymmetricOnesByTheirExactNames) {
  for (const char* name : {"none", "None", "HS256", "HS384", "HS512", "rs256", "RS256 ", "ES256K", "RS1", "",
                           "RSA-OAEP", "dir", "Ed25519"}) {
    EXPECT_EQ(jws_algorithm_from(name), std::nullopt) << name;
  }
  EXPECT_EQ(jws_algorithm_from("PS512"), JwsAlgorithm::ps512);
}

}  // namespace
}  // namespace latchkey::crypto
