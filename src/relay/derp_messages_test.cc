#include "relay/derp_messages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "base/text.h"

namespace latchkey::relay {
namespace {

std::string bytes_of(std::string_view hex) {
  const auto raw = from_hex(hex);
  return {raw->begin(), raw->end()};
}

std::string hex_of(std::string_view bytes) {
  return to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

template <class Bytes>
Bytes array_of(std::string_view hex) {
  Bytes out{};
  std::ranges::copy(*from_hex(hex), out.begin());
  return out;
}

class DerpMessages : public testing::Test {
 protected:
  DerpMessages() {
    std::ifstream file(LATCHKEY_SOURCE_DIR "/tests/data/derp-vectors.json");
    std::stringstream text;
    text << file.rdbuf();
    vectors = boost::json::parse(text.str());
    server = crypto::box_keys_from(crypto::Key256(array_of<NodeKey>(vector("server_private"))));
    client = crypto::box_keys_from(crypto::Key256(array_of<NodeKey>(vector("client_private"))));
  }

  std::string vector(const char* name) const { return std::string(vectors.at(name).as_string()); }

  // The payload of a client's first frame with that text in its box.
  std::string client_info(std::string_view text) const {
    const crypto::BoxNonce nonce{1, 2, 3};
    return std::string(client.public_key.begin(), client.public_key.end()) +
           std::string(nonce.begin(), nonce.end()) + crypto::box_seal(text, nonce, server.public_key, client);
  }

  boost::json::value vectors;
  crypto::BoxKeyPair server;
  crypto::BoxKeyPair client;
};

TEST_F(DerpMessages, AgreeWithAnotherImplementation) {
  std::string out;
  append_server_key(out, server.public_key);
  EXPECT_EQ(hex_of(out), vector("frame_server_key"));

  out.clear();
  append_server_info(out, client.public_key, server, array_of<crypto::BoxNonce>(vector("server_nonce")));
  EXPECT_EQ(hex_of(out), vector("frame_server_info"));

  const auto frame = bytes_of(vector("frame_client_info"));
  const auto info = open_client_info(std::string_view(frame).substr(kFrameHeader), server);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->key, client.public_key);
  EXPECT_EQ(info->version, 2);
}

TEST_F(DerpMessages, RefuseAClientThatDoesNotHoldItsKey) {
  auto payload = client_info(R"({"version":2})");
  ASSERT_TRUE(open_client_info(payload, server));
  const auto stranger = crypto::make_box_keys().public_key;
  std::ranges::copy(stranger, payload.begin());
  const auto info = open_client_info(payload, server);
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, ErrorCode::unauthenticated);
}

TEST_F(DerpMessages, RefuseAFirstFrameThatIsCutShort) {
  const auto payload = client_info(R"({"version":2})");
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_FALSE(open_client_info(std::string_view(payload).substr(0, size), server)) << size;
  }
}

TEST_F(DerpMessages, RefuseInformationThatIsNotAnObjectWithAVersionFromTwoOn) {
  for (const auto* text : {"", "[]", "2", "{}", "{", R"({"version":"2"})", R"({"version":1})",
                           R"({"version":-2})", R"({"version":2.5})"}) {
    EXPECT_FALSE(open_client_info(client_info(text), server)) << text;
  }
  EXPECT_TRUE(open_client_info(client_info(R"({"version":3,"AppName":"new"})"), server));
}

TEST_F(DerpMessages, CarryPacketsUnchanged) {
  std::string out;
  append_recv_packet(out, client.public_key, std::string_view("a\0b", 3));
  const auto packet = parse_packet(std::string_view(out).substr(kFrameHeader));
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->peer, client.public_key);
  EXPECT_EQ(packet->bytes, std::string_view("a\0b", 3));
}

TEST_F(DerpMessages, RefusePacketsWithoutAPeerAndOverTheLimit) {
  EXPECT_FALSE(parse_packet(std::string(31, 'k')));
  EXPECT_TRUE(parse_packet(std::string(32, 'k')));
  EXPECT_TRUE(parse_packet(std::string(32 + kMostPacketBytes, 'k')));
  EXPECT_FALSE(parse_packet(std::string(33 + kMostPacketBytes, 'k')));
}

TEST_F(DerpMessages, ReadPingsAndPreferences) {
  EXPECT_FALSE(parse_ping("1234567"));
  EXPECT_EQ(*parse_ping("12345678 and more"), (PingData{'1', '2', '3', '4', '5', '6', '7', '8'}));
  EXPECT_EQ(parse_note_preferred("\x01"), true);
  EXPECT_EQ(parse_note_preferred(std::string_view("\0", 1)), false);
  EXPECT_FALSE(parse_note_preferred(""));
  EXPECT_FALSE(parse_note_preferred("\x02"));
}

TEST_F(DerpMessages, SayWhoIsGoneAndWhenToReturn) {
  std::string out;
  append_peer_gone(out, client.public_key, PeerGoneReason::not_here);
  EXPECT_EQ(hex_of(out), "0800000021" + vector("client_public") + "01");
  out.clear();
  append_restarting(out, std::chrono::milliseconds(258), std::chrono::seconds(5));
  EXPECT_EQ(hex_of(out), "15000000080000010200001388");
}

TEST(NodeKey, IsWrittenAndReadAsText) {
  NodeKey key{};
  key[0] = 0xab;
  const auto text = node_key_text(key);
  EXPECT_EQ(text, "nodekey:ab" + std::string(62, '0'));
  EXPECT_EQ(parse_node_key(text), key);
  EXPECT_FALSE(parse_node_key("mkey:ab" + std::string(62, '0')));
  EXPECT_FALSE(parse_node_key("nodekey:ab"));
  EXPECT_FALSE(parse_node_key(text + "00"));
  EXPECT_FALSE(parse_node_key("nodekey:" + std::string(64, 'g')));
}

}  // namespace
}  // namespace latchkey::relay
