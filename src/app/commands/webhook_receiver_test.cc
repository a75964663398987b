#include "app/commands/webhook_receiver.h"

#include <gtest/gtest.h>

#include "core/webhooks/signature.h"

namespace latchkey::app::commands {
namespace {

const TimePoint kNow = *from_rfc3339("2026-01-05T10:00:00Z");
const SecretString kSecret("a secret for a try");

std::string signature(TimePoint at = kNow, std::string_view body = "[]") {
  return webhooks::sign({&kSecret, 1}, at, body);
}

TEST(WebhookReceiver, SaysWhatIsWrongWithASignature) {
  EXPECT_EQ(fault_of(signature(), kSecret, "[]", kNow), "");
  const std::pair<std::string, const char*> faults[] = {
      {"", "there is no Tailscale-Webhook-Signature header"},
      {"v1=00", "no timestamp (t=)"},
      {"t=1767607200", "no signature (v1=)"},
      {"t=1767607200, v1=00", "no signature (v1=)"},
      {"t=now,v1=00", "malformed"},
      {"t=1,t=2=3,v1=00", "malformed"},
      {signature(kNow - minutes{6}), "older than five minutes"},
      {signature(kNow + minutes{2}), "a time to come"},
      {signature(kNow, "[1]"), "no signature fits"}};
  for (const auto& [header, says] : faults) {
    const auto fault = fault_of(header, kSecret, "[]", kNow);
    EXPECT_NE(fault.find(says), std::string::npos) << header << ": " << fault;
  }
}

TEST(WebhookReceiver, PrintsEventsAndTheWordsOfChats) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(lines_of(R"([{"timestamp":"T","type":"test","tailnet":"x.example","message":"one"},
                         {"timestamp":"T","type":"test","tailnet":"x.example","message":"two\u0007"}])"),
            (Lines{"T  test  x.example  one", "T  test  x.example  two?"}));
  EXPECT_EQ(lines_of(R"({"text":"[x] one\nGo"})"), (Lines{"[x] one", "Go"}));
  EXPECT_EQ(lines_of(R"({"content":"[x] two"})"), Lines{"[x] two"});
  EXPECT_EQ(lines_of("no \x1b JSON"), Lines{"no ? JSON"});
  EXPECT_EQ(lines_of("[]"), Lines{});
}

}  // namespace
}  // namespace latchkey::app::commands
