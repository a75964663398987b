// What a protocol that takes a connection over may rely on.
#include "io/takeover.h"

#include <gtest/gtest.h>

#include "io/server_under_test.h"

namespace latchkey::io {
namespace {

constexpr std::string_view kSwitch =
    "POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n";

// Sends back what comes, in capitals; says "tick" whenever it is due and "bye" when the server stops.
class Shout : public Takeover {
 public:
  explicit Shout(std::chrono::milliseconds every = std::chrono::hours(1)) : every_(every) {}

  awaitable<void> run(ByteStream& stream, std::string early) override {
    stream_ = &stream;
    due_ = Clock::now() + every_;
    say(early);
    std::array<char, 256> buffer;
    while (!over_) {
      auto step = stream.read_now(buffer);
      if (step.status == StreamStep::Status::progress) {
        say(std::string(buffer.data(), step.bytes));
        continue;
      }
      if (!step.must_wait()) co_return;
      co_await stream.wait(step.awaited());
    }
    stream.write_now("bye");
  }

  Clock::time_point due() const override { return due_; }
  void at_due() override {
    stream_->write_now("tick");
    due_ = Clock::time_point::max();
  }
  void stop(bool) override {
    over_ = true;
    if (stream_) stream_->cancel();
  }

 private:
  void say(std::string text) {
    for (auto& c : text) c = static_cast<char>(std::toupper(c));
    stream_->write_now(text);
  }

  std::chrono::milliseconds every_;
  Clock::time_point due_ = Clock::time_point::max();
  ByteStream* stream_ = nullptr;
  bool over_ = false;
};

awaitable<Response> switch_protocol(Request& request) {
  Response response;
  if (request.target != "/up") co_return response;
  response.status = 101;
  response.content_type.clear();
  response.headers.push_back({"Upgrade", "shout"});
  response.body = "hello ";
  response.takeover = std::make_shared<Shout>();
  co_return response;
}

awaitable<Response> switch_to_a_clock(Request&) {
  Response response;
  response.status = 101;
  response.content_type.clear();
  response.takeover = std::make_shared<Shout>(std::chrono::milliseconds(1));
  co_return response;
}

std::string read_until(RawClient& client, std::string_view end) {
  std::string text;
  while (!text.ends_with(end)) {
    std::array<char, 512> buffer;
    const auto count = ::recv(client.socket(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return text + "<end>";
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

TEST(Takeover, TheHeadIsFollowedByTheProtocolsOwnBytes) {
  ServerUnderTest under(switch_protocol);
  auto client = under.client();
  client.send(kSwitch);
  const auto text = read_until(client, "hello ");
  EXPECT_TRUE(text.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << text;
  EXPECT_NE(text.find("\r\nConnection: Upgrade\r\n"), std::string::npos);
  EXPECT_NE(text.find("\r\nUpgrade: shout\r\n"), std::string::npos);
  EXPECT_EQ(text.find("Content-Length"), std::string::npos);
  client.send("abc");
  EXPECT_EQ(read_until(client, "ABC"), "ABC");
}

TEST(Takeover, BytesSentRightBehindTheRequestAreNotLost) {
  ServerUnderTest under(switch_protocol);
  auto client = under.client();
  client.send(std::string(kSwitch) + "early");
  EXPECT_TRUE(read_until(client, "EARLY").ends_with("hello EARLY"));
}

TEST(Takeover, ComesAfterOtherRequestsOnTheSameConnection) {
  ServerUnderTest under(switch_protocol);
  auto client = under.client();
  EXPECT_EQ(client.ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
  client.send(kSwitch);
  EXPECT_TRUE(read_until(client, "hello ").ends_with("hello "));
  EXPECT_EQ(under.server.open_connections(), 1U);
}

TEST(Takeover, IsToldWhenItIsDue) {
  ServerUnderTest under(switch_to_a_clock);
  auto client = under.client();
  client.send(kSwitch);
  EXPECT_TRUE(read_until(client, "tick").ends_with("tick"));
}

TEST(Takeover, EndsWithTheServer) {
  ServerUnderTest under(switch_protocol);
  auto client = under.client();
  client.send(kSwitch);
  read_until(client, "hello ");
  under.server.stop();
  EXPECT_EQ(read_until(client, "never"), "bye<end>");
  EXPECT_EQ(under.server.open_connections(), 0U);
}

}  // namespace
}  // namespace latchkey::io
