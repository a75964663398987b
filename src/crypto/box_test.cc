#include "crypto/box.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "crypto/random.h"

namespace latchkey::crypto {
namespace {

template <class Bytes>
Bytes bytes_from(std::string_view hex) {
  Bytes out{};
  const auto raw = from_hex(hex);
  if (raw && raw->size() == out.size()) std::ranges::copy(*raw, out.begin());
  return out;
}

std::string hex_of(std::string_view bytes) {
  return to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

class Box : public testing::Test {
 protected:
  Box() {
    std::ifstream file(LATCHKEY_SOURCE_DIR "/tests/data/derp-vectors.json");
    std::stringstream text;
    text << file.rdbuf();
    vectors = boost::json::parse(text.str());
    server = box_keys_from(Key256(bytes_from<BoxPublicKey>(vector("server_private"))));
    client = box_keys_from(Key256(bytes_from<BoxPublicKey>(vector("client_private"))));
  }

  std::string vector(const char* name) const { return std::string(vectors.at(name).as_string()); }
  std::string box(const char* name) const {
    const auto raw = from_hex(vector(name));
    return {raw->begin(), raw->end()};
  }

  boost::json::value vectors;
  BoxKeyPair server;
  BoxKeyPair client;
};

TEST_F(Box, AgreesWithAnotherImplementation) {
  EXPECT_EQ(to_hex(server.public_key), vector("server_public"));
  EXPECT_EQ(to_hex(client.public_key), vector("client_public"));
  const auto nonce = bytes_from<BoxNonce>(vector("client_nonce"));
  EXPECT_EQ(hex_of(box_seal(vector("client_info_text"), nonce, server.public_key, client)),
            vector("client_box"));
  EXPECT_EQ(
      box_open(box("server_box"), bytes_from<BoxNonce>(vector("server_nonce")), server.public_key, client),
      vector("server_info_text"));
}

TEST_F(Box, OpensOnlyWithTheRightKeysNonceAndBytes) {
  const auto nonce = bytes_from<BoxNonce>(vector("client_nonce"));
  const auto good = box("client_box");
  EXPECT_TRUE(box_open(good, nonce, client.public_key, server));
  EXPECT_FALSE(box_open(good, nonce, make_box_keys().public_key, server));
  EXPECT_FALSE(box_open(good, nonce, client.public_key, make_box_keys()));
  EXPECT_FALSE(box_open(good, bytes_from<BoxNonce>(vector("server_nonce")), client.public_key, server));
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto changed = good;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(box_open(changed, nonce, client.public_key, server)) << at;
  }
}

TEST_F(Box, RefusesWhatIsShorterThanATag) {
  const auto nonce = bytes_from<BoxNonce>(vector("client_nonce"));
  EXPECT_FALSE(box_open("", nonce, client.public_key, server));
  EXPECT_FALSE(box_open(box("client_box").substr(0, 15), nonce, client.public_key, server));
}

TEST_F(Box, CarriesAnEmptyText) {
  const auto nonce = random_array<24>();
  const auto empty = box_seal("", nonce, server.public_key, client);
  EXPECT_EQ(empty.size(), kBoxOverhead);
  EXPECT_EQ(box_open(empty, nonce, client.public_key, server), "");
}

TEST_F(Box, RefusesAPointThatNoHonestPartyHas) {
  const BoxPublicKey nothing{};
  EXPECT_FALSE(box_open(box("client_box"), BoxNonce{}, nothing, server));
  EXPECT_THROW(box_seal("x", BoxNonce{}, nothing, server), CryptoError);
}

TEST_F(Box, KeyPairsDiffer) {
  EXPECT_NE(make_box_keys().public_key, make_box_keys().public_key);
}

}  // namespace
}  // namespace latchkey::crypto
