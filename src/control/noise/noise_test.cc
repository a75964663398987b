// The published shape of ts2021 in vectors (tests/data/noise-vectors.json): every intermediate value.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fstream>
#include <random>
#include <sstream>

#include "base/text.h"
#include "control/noise/handshake.h"
#include "control/noise/records.h"
#include "crypto/random.h"

namespace latchkey::control {
namespace {

namespace json = boost::json;

const json::object& vectors() {
  static const json::value read = [] {
    std::ifstream file(std::string(LATCHKEY_SOURCE_DIR) + "/tests/data/noise-vectors.json");
    std::stringstream text;
    text << file.rdbuf();
    return json::parse(text.str());
  }();
  return read.as_object();
}

std::string text_of(const json::value& value) {
  return std::string(value.as_string());
}
std::string bytes_of(const json::value& value) {
  const auto raw = *from_hex(text_of(value));
  return {raw.begin(), raw.end()};
}
std::string hex(std::string_view bytes) {
  return to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}
crypto::X25519KeyPair pair_of(const json::value& private_key) {
  const auto raw = bytes_of(private_key);
  std::array<std::uint8_t, 32> bytes;
  std::copy(raw.begin(), raw.end(), bytes.begin());
  return crypto::x25519_from_private(crypto::Key256(bytes));
}
crypto::Key256 key_of(const json::value& value) {
  const auto raw = bytes_of(value);
  std::array<std::uint8_t, 32> bytes;
  std::copy(raw.begin(), raw.end(), bytes.begin());
  return crypto::Key256(bytes);
}

TEST(Noise, BothRolesReproduceEveryCase) {
  for (const auto& entry : vectors().at("cases").as_array()) {
    const auto& vector = entry.as_object();
    SCOPED_TRACE(text_of(vector.at("name")));
    const auto server = pair_of(vector.at("control_static_private"));
    EXPECT_EQ(to_hex(server.public_key), text_of(vector.at("control_static_public")));
    const auto version = static_cast<std::uint16_t>(vector.at("protocol_version").to_number<int>());

    Initiator client(version, pair_of(vector.at("client_static_private")), server.public_key,
                     pair_of(vector.at("client_ephemeral_private")));
    const auto initiation = bytes_of(vector.at("initiation").at("message"));
    EXPECT_EQ(hex(client.initiation()), hex(initiation));
    EXPECT_EQ(to_base64(client.initiation()), text_of(vector.at("initiation").at("header_value_b64")));

    const auto accepted =
        accept_handshake(server, pair_of(vector.at("control_ephemeral_private")), initiation);
    ASSERT_TRUE(accepted);
    EXPECT_EQ(accepted->version, version);
    EXPECT_EQ(to_hex(accepted->machine), text_of(vector.at("client_static_public")));
    EXPECT_EQ(hex(accepted->response), text_of(vector.at("response").at("message")));
    EXPECT_EQ(to_hex(accepted->keys.handshake_hash), text_of(vector.at("handshake_hash")));
    EXPECT_EQ(to_hex(accepted->keys.client_to_server.expose()), text_of(vector.at("key_client_to_server")));
    EXPECT_EQ(to_hex(accepted->keys.server_to_client.expose()), text_of(vector.at("key_server_to_client")));

    const auto finished = client.finish(accepted->response);
    ASSERT_TRUE(finished);
    EXPECT_EQ(finished->handshake_hash, accepted->keys.handshake_hash);
    EXPECT_EQ(to_hex(finished->server_to_client.expose()), text_of(vector.at("key_server_to_client")));
  }
}

TEST(Noise, EveryStepOfTheSymmetricStateMatches) {
  for (const auto& entry : vectors().at("cases").as_array()) {
    const auto& vector = entry.as_object();
    SCOPED_TRACE(text_of(vector.at("name")));
    SymmetricState state(static_cast<unsigned>(vector.at("protocol_version").to_number<int>()));
    const auto server = pair_of(vector.at("control_static_private"));
    const auto machine = pair_of(vector.at("client_static_private"));
    const auto server_ephemeral = pair_of(vector.at("control_ephemeral_private"));
    const auto client_ephemeral = pair_of(vector.at("client_ephemeral_private"));
    const auto& steps = vector.at("steps").as_array();
    std::size_t at = 1;  // the constructor has mixed the prologue in
    const auto matches = [&] {
      EXPECT_EQ(to_hex(state.hash()), text_of(steps[at].at("h"))) << text_of(steps[at].at("step"));
      EXPECT_EQ(to_hex(state.chaining_key().expose()), text_of(steps[at].at("ck")));
      ++at;
    };
    matches();
    state.mix_hash(control::text_of(server.public_key));
    matches();
    state.mix_hash(control::text_of(client_ephemeral.public_key));
    matches();
    ASSERT_TRUE(state.mix_key(server.private_key, client_ephemeral.public_key));
    matches();
    state.encrypt_and_hash(control::text_of(machine.public_key));
    matches();
    ASSERT_TRUE(state.mix_key(server.private_key, machine.public_key));
    matches();
    state.encrypt_and_hash({});
    matches();
    state.mix_hash(control::text_of(server_ephemeral.public_key));
    matches();
    ASSERT_TRUE(state.mix_key(server_ephemeral.private_key, client_ephemeral.public_key));
    matches();
    ASSERT_TRUE(state.mix_key(server_ephemeral.private_key, machine.public_key));
    matches();
    state.encrypt_and_hash({});
    matches();
    EXPECT_EQ(at, steps.size());
  }
}

TEST(Noise, RecordsMatchInBothDirections) {
  for (const auto& entry : vectors().at("cases").as_array()) {
    const auto& vector = entry.as_object();
    SCOPED_TRACE(text_of(vector.at("name")));
    for (const auto& [frames, key] : {std::pair{"client_to_server_frames", "key_client_to_server"},
                                      std::pair{"server_to_client_frames", "key_server_to_client"}}) {
      std::string sealed;
      std::string expected_plain;
      RecordSealer sealer(key_of(vector.at(key)));
      std::string ours;
      for (const auto& frame : vector.at(frames).as_array()) {
        sealed += bytes_of(frame.at("frame"));
        expected_plain += bytes_of(frame.at("plaintext"));
        sealer.seal(bytes_of(frame.at("plaintext")), ours);
      }
      EXPECT_EQ(hex(ours), hex(sealed));
      // However the network cuts it.
      for (std::size_t piece : {1UL, 2UL, 3UL, 7UL, 4095UL, sealed.size()}) {
        RecordOpener opener(key_of(vector.at(key)));
        std::string plain;
        for (std::size_t i = 0; i < sealed.size(); i += piece) {
          ASSERT_TRUE(opener.open(std::string_view(sealed).substr(i, piece), plain));
        }
        EXPECT_EQ(hex(plain), hex(expected_plain)) << piece;
      }
    }
  }
}

TEST(Noise, TheNonceIsBigEndianAndEndsBeforeItWraps) {
  const auto& tests = vectors().at("nonce_tests").as_object();
  const auto plaintext = bytes_of(tests.at("plaintext"));
  for (const auto& entry : tests.at("entries").as_array()) {
    const auto counter = std::stoull(text_of(entry.at("counter")));
    std::string sealed;
    RecordSealer(key_of(tests.at("key")), counter).seal(plaintext, sealed);
    EXPECT_EQ(hex(sealed), text_of(entry.at("frame"))) << counter;
    std::string opened;
    EXPECT_TRUE(RecordOpener(key_of(tests.at("key")), counter).open(sealed, opened));
    EXPECT_EQ(opened, plaintext);
  }
  std::string out;
  RecordSealer last(key_of(tests.at("key")), ~std::uint64_t{0});
  EXPECT_THROW(last.seal(plaintext, out), crypto::CryptoError);
}

TEST(Noise, RefusesWhatIsNoInitiationForThisServer) {
  const auto& tests = vectors().at("negative_initiations").as_object();
  const auto server = pair_of(tests.at("control_static_private"));
  for (const auto& entry : tests.at("entries").as_array()) {
    const auto accepted = accept_handshake(server, bytes_of(entry.at("initiation")));
    EXPECT_EQ(accepted.ok(), text_of(entry.at("expect")) == "accept") << text_of(entry.at("case"));
  }
  EXPECT_EQ(hex(error_frame(text_of(vectors().at("error_frame").at("text")))),
            text_of(vectors().at("error_frame").at("frame")));
}

TEST(Noise, ABrokenRecordEndsTheStream) {
  const crypto::Key256 key(crypto::random_array<32>());
  std::string sealed;
  RecordSealer(key).seal("hello", sealed);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    if (i == 1) continue;  // a longer length waits for more bytes, which then do not decrypt
    std::string bent = sealed;
    bent[i] = static_cast<char>(bent[i] ^ 1);
    bent += sealed;
    std::string plain;
    EXPECT_FALSE(RecordOpener(key).open(bent, plain)) << i;
    EXPECT_TRUE(plain.empty());
  }
  std::string long_record{"\x04\x0f\xfe", 3};  // one byte more than allowed
  std::string plain;
  EXPECT_FALSE(RecordOpener(key).open(long_record, plain));
}

TEST(Noise, AMegabyteInRandomPieces) {
  const crypto::Key256 key(crypto::random_array<32>());
  std::mt19937 random(7);
  std::string text(1 << 20, '\0');
  for (auto& c : text) c = static_cast<char>(random());
  std::string sealed;
  RecordSealer(key).seal(text, sealed);
  RecordOpener opener(key);
  std::string plain;
  for (std::size_t at = 0; at < sealed.size();) {
    const auto piece = 1 + random() % 9000;
    ASSERT_TRUE(opener.open(std::string_view(sealed).substr(at, piece), plain));
    at += piece;
  }
  EXPECT_EQ(plain, text);
}

}  // namespace
}  // namespace latchkey::control
