#include "relay/stun.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "io/listen_socket.h"
#include "io/runtime.h"
#include "relay/stun_server.h"

namespace latchkey::relay {
namespace {

std::string hex_of(std::string_view bytes) {
  return to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

std::string vector(const char* name) {
  std::ifstream file(LATCHKEY_SOURCE_DIR "/tests/data/stun-vectors.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto raw = from_hex(std::string(boost::json::parse(text.str()).at(name).as_string()));
  return {raw->begin(), raw->end()};
}

TEST(Stun, AgreesWithAnotherImplementation) {
  const auto transaction = parse_binding_request(vector("request"));
  ASSERT_TRUE(transaction);
  const std::array<std::uint8_t, 4> address{192, 0, 2, 33};
  EXPECT_EQ(hex_of(binding_response(*transaction, {address, 41641})), hex_of(vector("response")));
}

TEST(Stun, MasksIpv6AddressesWithTheTransactionToo) {
  // RFC 5769 section 2.3.
  const auto id = from_hex("b7e7a701bc34d686fa87dfae");
  StunTransaction transaction;
  std::ranges::copy(*id, transaction.begin());
  const auto bytes = from_hex("20010db8123456780011223344556677");
  EXPECT_EQ(hex_of(binding_response(transaction, {*bytes, 32853})),
            "010100182112a442b7e7a701bc34d686fa87dfae"
            "002000140002a147"
            "0113a9faa5d3f179bc25f4b5bed2b9d9");
}

TEST(Stun, IgnoresEveryPacketThatIsCutShortOrChanged) {
  const auto request = vector("request");
  for (std::size_t size = 0; size < request.size(); ++size) {
    EXPECT_FALSE(parse_binding_request(std::string_view(request).substr(0, size))) << size;
  }
  for (std::size_t at = 0; at < request.size(); ++at) {
    auto changed = request;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(parse_binding_request(changed)) << at;
  }
  EXPECT_FALSE(parse_binding_request(request + std::string(4, '\0')));
}

TEST(Stun, IgnoresRequestsOfOtherSoftware) {
  // A binding request without attributes, as any STUN client may send it.
  EXPECT_FALSE(parse_binding_request(std::string("\x00\x01\x00\x00\x21\x12\xa4\x42", 8) + "abcdefghijkl"));
}

// A client on the loopback.
class UdpClient {
 public:
  UdpClient() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{10, 0};
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  void send(std::string_view bytes, std::uint16_t port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::sendto(socket_.number(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  }
  std::string receive() {
    char bytes[512];
    const auto size = ::recv(socket_.number(), bytes, sizeof bytes, 0);
    return size < 0 ? std::string() : std::string(bytes, static_cast<std::size_t>(size));
  }
  std::uint16_t port() const { return io::bound_port(socket_); }

 private:
  io::FileDescriptor socket_;
};

class StunServerTest : public testing::TestWithParam<const char*> {};

TEST_P(StunServerTest, TellsAClientItsAddressAndIsSilentToStrangers) {
  Metrics metrics;
  RelayProbe probe(metrics);
  io::Runtime runtime(1, quiet_log());
  StunServer server(runtime, probe, quiet_log());
  const auto port = server.listen(GetParam(), 0);
  runtime.start();

  UdpClient client;
  client.send("hello", port);
  client.send(std::string(2000, 'x'), port);
  client.send(vector("request"), port);
  const std::array<std::uint8_t, 4> loopback{127, 0, 0, 1};
  const auto transaction = parse_binding_request(vector("request"));
  EXPECT_EQ(hex_of(client.receive()), hex_of(binding_response(*transaction, {loopback, client.port()})));
  EXPECT_NE(metrics.text().find("latchkey_relay_stun_packets_total{outcome=\"ignored\"} 2"),
            std::string::npos);
  server.stop();
  runtime.stop();
}

INSTANTIATE_TEST_SUITE_P(Addresses, StunServerTest, testing::Values("127.0.0.1", "::"));

TEST(StunServer, StopsWithItsRuntimeAndWithout) {
  Metrics metrics;
  RelayProbe probe(metrics);
  io::Runtime runtime(1, quiet_log());
  StunServer never_run(runtime, probe, quiet_log());
  never_run.listen("127.0.0.1", 0);
  never_run.stop();
  StunServer running(runtime, probe, quiet_log());
  running.listen("127.0.0.1", 0);
  runtime.start();
  running.stop();
  running.stop();
  StunServer outlived(runtime, probe, quiet_log());
  outlived.listen("127.0.0.1", 0);
  runtime.stop();
}

}  // namespace
}  // namespace latchkey::relay
