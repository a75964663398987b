#include "io/websocket.h"

#include <gtest/gtest.h>

#include "io/server_under_test.h"
#include "io/takeover.h"

namespace latchkey::io {
namespace {

// The example of RFC 6455 section 1.3.
constexpr std::string_view kOpening =
    "GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\n"
    "Sec-WebSocket-Protocol: chat, echo\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

class Echo : public Takeover {
 public:
  awaitable<void> run(ByteStream& stream, std::string) override {
    stream_ = &stream;
    std::array<char, 7> buffer;  // smaller than what comes
    while (!over_) {
      const auto step = stream.read_now(buffer);
      if (step.must_wait()) co_await stream.wait(step.awaited());
      if (step.status == StreamStep::Status::closed) co_return;
      if (step.status != StreamStep::Status::progress) continue;
      std::string_view rest(buffer.data(), step.bytes);
      while (!rest.empty()) {
        const auto sent = stream.write_now(rest);
        if (sent.status == StreamStep::Status::closed) co_return;
        if (sent.must_wait()) co_await stream.wait(sent.awaited());
        rest.remove_prefix(sent.bytes);
      }
    }
  }
  Clock::time_point due() const override { return Clock::time_point::max(); }
  void at_due() override {}
  void stop(bool) override {
    over_ = true;
    if (stream_) stream_->cancel();
  }

 private:
  ByteStream* stream_ = nullptr;
  bool over_ = false;
};

awaitable<Response> serve_echo(Request& request) {
  Response response;
  response.status = 101;
  response.content_type.clear();
  response.body = "hi ";
  response.takeover = std::make_shared<Echo>();
  co_return over_websocket(request, "echo", std::move(response));
}

// As a client sends it: masked.
std::string frame(int first_byte, std::string_view payload, bool masked = true) {
  constexpr std::string_view mask = "\x37\xfa\x21\x3d";
  std::string out(1, static_cast<char>(first_byte));
  const auto flag = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    out += static_cast<char>(flag | static_cast<int>(payload.size()));
  } else {
    out += static_cast<char>(flag | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  }
  if (!masked) return out + std::string(payload);
  out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
  return out;
}

std::string read(RawClient& client, std::size_t size) {
  std::string text;
  while (text.size() < size) {
    std::array<char, 4096> buffer;
    const auto count = ::recv(client.socket(), buffer.data(), std::min(buffer.size(), size - text.size()), 0);
    if (count <= 0) return text + "<end>";
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

std::string read_head(RawClient& client) {
  std::string text;
  while (!text.ends_with("\r\n\r\n") && !text.ends_with("<end>")) text += read(client, 1);
  return text;
}

class WebSocket : public ::testing::Test {
 protected:
  WebSocket() {
    client.send(kOpening);
    head = read_head(client);
    EXPECT_EQ(read(client, 5), "\x82\x03hi ");
  }

  ServerUnderTest under{serve_echo};
  RawClient client = under.client();
  std::string head;
};

TEST_F(WebSocket, TheOpeningIsAnsweredAsTheStandardsExampleIs) {
  EXPECT_TRUE(head.starts_with("HTTP/1.1 101 ")) << head;
  EXPECT_NE(head.find("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos);
  EXPECT_NE(head.find("\r\nSec-WebSocket-Protocol: echo\r\n"), std::string::npos);
  EXPECT_EQ(head.find("Extensions"), std::string::npos);
}

TEST_F(WebSocket, CarriesBytesBothWaysWhateverTheirBorders) {
  client.send(frame(0x02, "12345"));          // begins a message
  client.send(frame(0x89, "are you there"));  // a ping in the middle
  client.send(frame(0x80, "6789abc"));        // its end
  std::string bytes;
  std::string pong;
  while (bytes.size() < 12) {
    const auto start = read(client, 2);
    ASSERT_EQ(start.size(), 2U) << start;
    const auto payload = read(client, static_cast<unsigned char>(start[1]));
    (start[0] == '\x8a' ? pong : bytes) += payload;
  }
  EXPECT_EQ(bytes, "123456789abc");
  EXPECT_EQ(pong, "are you there");
}

TEST_F(WebSocket, AFrameMayArriveInPieces) {
  const auto whole = frame(0x82, std::string(300, 'x'));
  for (std::size_t at = 0; at < whole.size(); at += 50) client.send(whole.substr(at, 50));
  std::string bytes;
  while (bytes.size() < 300) {
    const auto start = read(client, 2);
    ASSERT_EQ(start[0], '\x82');
    bytes += read(client, static_cast<unsigned char>(start[1]));
  }
  EXPECT_EQ(bytes, std::string(300, 'x'));
}

TEST_F(WebSocket, EndsWhereTheRulesAreBroken) {
  client.send(frame(0x82, "unmasked", false));
  EXPECT_TRUE(read(client, 4096).ends_with("<end>"));
}

TEST_F(WebSocket, TextIsNotBytes) {
  client.send(frame(0x81, "text"));
  EXPECT_TRUE(read(client, 4096).ends_with("<end>"));
}

TEST_F(WebSocket, SaysGoodbyeToAGoodbye) {
  client.send(frame(0x88, std::string("\x03\xe8", 2)));
  const auto answer = read(client, 4096);
  EXPECT_EQ(answer.substr(0, 4), std::string("\x88\x02\x03\xe8", 4));
  EXPECT_TRUE(answer.ends_with("<end>"));
}

TEST_F(WebSocket, EndsWithTheServer) {
  under.server.stop();
  EXPECT_TRUE(read(client, 4096).ends_with("<end>"));
  EXPECT_EQ(under.server.open_connections(), 0U);
}

TEST(WebSocketOpening, IsRefusedWithWhatIsMissing) {
  struct Case {
    const char* without;
    const char* with;
    int status;
  };
  for (const auto& [without, with, status] :
       {Case{"Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", 426},
        Case{"dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", 400}, Case{"chat, echo", "chat", 400},
        Case{"Upgrade: websocket", "Upgrade: else", 400}}) {
    ServerUnderTest under(serve_echo);
    auto client = under.client();
    std::string request(kOpening);
    request.replace(request.find(without), std::string_view(without).size(), with);
    EXPECT_EQ(client.ask(request).status, status) << with;
  }
}

}  // namespace
}  // namespace latchkey::io
