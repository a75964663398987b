#include "core/webhooks/provider_body.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/text.h"

namespace latchkey::webhooks {
namespace {

ChatMessage message_of(std::string text) {
  return {"reef.example", std::move(text), "https://latchkey.example/admin/x", "2026-01-01T00:00:00Z"};
}

boost::json::object body_of(Provider provider, const ChatMessage& message) {
  return boost::json::parse(chat_body(provider, message)).as_object();
}

std::string text_of(Provider provider, const ChatMessage& message) {
  const auto body = body_of(provider, message);
  const auto& text = provider == Provider::discord ? body.at("content") : body.at("text");
  return std::string(std::string_view(text.as_string()));
}

constexpr Provider kChats[] = {Provider::slack, Provider::discord, Provider::mattermost,
                               Provider::googlechat};

TEST(ProviderBody, SlackAndGoogleChatGetNoLinksOrMentionsFromNames) {
  for (const auto provider : {Provider::slack, Provider::googlechat}) {
    const auto text = text_of(provider, message_of("Node <!channel> <https://x.example|y> & z"));
    EXPECT_TRUE(text.starts_with("[reef.example] Node &lt;!channel&gt; &lt;https://x.example|y&gt; &amp; z"))
        << text;
  }
}

TEST(ProviderBody, MarkdownInNamesIsPlainTextForDiscordAndMattermost) {
  for (const auto provider : {Provider::discord, Provider::mattermost}) {
    const auto text = text_of(provider, message_of("Node [a](b) *c* _d_ `e` ~f~ |g| #h >i"));
    EXPECT_TRUE(text.starts_with(R"([reef.example] Node \[a\](b) \*c\* \_d\_ \`e\` \~f\~ \|g\| \#h \>i)"))
        << text;
  }
}

TEST(ProviderBody, NobodyIsCalledByAName) {
  const auto message = message_of("Node @everyone and @here, User a@b.example");
  EXPECT_EQ(boost::json::serialize(body_of(Provider::discord, message).at("allowed_mentions")),
            R"({"parse":[]})");
  for (const auto provider : {Provider::slack, Provider::mattermost}) {
    const auto text = text_of(provider, message);
    EXPECT_EQ(text.find("@everyone"), std::string::npos);
    EXPECT_EQ(text.find("@here"), std::string::npos);
    EXPECT_NE(text.find("a@b.example"), std::string::npos) << "an address is no mention";
  }
}

TEST(ProviderBody, AMessageIsOneLine) {
  for (const auto provider : kChats) {
    const auto text = text_of(provider, message_of("a\n# b\r\tc"));
    const auto line = text.substr(0, text.find('\n'));
    EXPECT_NE(line.find('c'), std::string::npos) << text;
  }
}

// Slack: 3000 characters of a section; Discord: 2000; Mattermost: 16383; Google Chat: 32000 bytes.
TEST(ProviderBody, LimitsHoldWhateverIsEscaped) {
  for (const std::string part : {"&", "*", "\xc3\xa4", "x", "\xff", "@"}) {
    std::string longest;
    while (longest.size() < 40'000) longest += part;
    ChatMessage message = message_of(longest);
    message.tailnet = longest;
    for (const auto provider : kChats) {
      const auto body = body_of(provider, message);
      const auto text = text_of(provider, message);
      ASSERT_TRUE(utf8_length(text)) << "cut within a character";
      EXPECT_LE(text.size(), 32'000U);
      if (provider == Provider::discord) EXPECT_LE(*utf8_length(text), 2000U);
      if (provider == Provider::slack) {
        const auto& section = body.at("blocks").as_array()[0].as_object().at("text").as_object();
        EXPECT_LE(*utf8_length(std::string_view(section.at("text").as_string())), 3000U);
      }
      EXPECT_NE(text.find("…"), std::string::npos) << "what is cut says so";
    }
  }
}

TEST(ProviderBody, WithoutAPageThereIsNoButton) {
  ChatMessage message = message_of("This is a test event");
  message.url.clear();
  EXPECT_EQ(body_of(Provider::slack, message).at("blocks").as_array().size(), 1U);
  EXPECT_FALSE(body_of(Provider::discord, message).contains("embeds"));
  EXPECT_EQ(text_of(Provider::mattermost, message), "[reef.example] This is a test event");
  EXPECT_EQ(text_of(Provider::googlechat, message), "[reef.example] This is a test event");
}

TEST(ProviderBody, ATestEventHasNoData) {
  const auto message = chat_message_of(
      R"({"timestamp":"2026-01-01T00:00:05Z","version":1,"type":"test","tailnet":"r","message":"m","data":null})");
  EXPECT_EQ(message.url, "");
  EXPECT_EQ(message.message, "m");
  EXPECT_THROW(chat_body(Provider::generic, message), std::logic_error);
}

}  // namespace
}  // namespace latchkey::webhooks
