#include "core/webhooks/provider_body.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "base/text.h"

namespace latchkey::webhooks {
namespace {

using boost::json::array;
using boost::json::object;

constexpr std::string_view kLinkText = "Go to Admin Console";

// Bytes of what comes in. An escape makes at most five characters of one, so that a section of Slack (3000
// characters), a message of Discord (2000), a post of Mattermost (16383) and a message of Google Chat (32000
// bytes) hold both, whatever is in them. The longest sentence of an event keeps within this.
constexpr std::size_t kMaxText = 400;
constexpr std::size_t kMaxTailnet = 150;
constexpr std::size_t kMaxLink = 2048;

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  return std::string(clip(text, most)) + "…";
}

// One line: a line of its own would be a heading, a quotation or a list.
std::string one_line(std::string_view text) {
  std::string line = storable(text);
  std::ranges::replace_if(line, [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return line;
}

// The three characters that mean something to Slack's and Google Chat's parsers: links, mentions of people
// and groups (<!channel>, <users/all>) all begin with one of them.
std::string entity_escaped(std::string_view text) {
  return escape_markup(text, Quotes::keep);
}

std::string markdown_escaped(std::string_view text) {
  constexpr std::string_view kMeaningful = "\\*_~`|[]<>#!";
  std::string out;
  for (const char c : text) {
    if (kMeaningful.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// "@all" at the beginning of a word calls everybody; within an address it does not. An invisible character
// behind it makes it plain text.
std::string mentions_stopped(std::string_view text) {
  constexpr std::string_view kZeroWidthSpace = "\xe2\x80\x8b";
  std::string out;
  char before = ' ';
  for (const char c : text) {
    out += c;
    const bool in_word = (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z') ||
                         (before >= '0' && before <= '9') || before == '.' || before == '-' ||
                         before == '_' || before == '+';
    if (c == '@' && !in_word) out += kZeroWidthSpace;
    before = c;
  }
  return out;
}

std::string tailnet_of(const ChatMessage& message) {
  return shortened(one_line(message.tailnet), kMaxTailnet);
}
std::string text_of(const ChatMessage& message) {
  return shortened(one_line(message.message), kMaxText);
}
bool has_link(const ChatMessage& message) {
  return !message.url.empty() && message.url.size() <= kMaxLink;
}

object slack_body(const ChatMessage& message) {
  const auto tailnet = entity_escaped(mentions_stopped(tailnet_of(message)));
  const auto text = entity_escaped(mentions_stopped(text_of(message)));
  object section{{"type", "section"},
                 {"text", object{{"type", "mrkdwn"}, {"text", "*[" + tailnet + "]* " + text}}}};
  array blocks{std::move(section)};
  if (has_link(message)) {
    object button{{"type", "button"},
                  {"text", object{{"type", "plain_text"}, {"text", kLinkText}}},
                  {"url", message.url}};
    blocks.push_back(object{{"type", "actions"}, {"elements", array{std::move(button)}}});
  }
  return {{"text", "[" + tailnet + "] " + text}, {"blocks", std::move(blocks)}};
}

object discord_body(const ChatMessage& message) {
  object body{
      {"content", "[" + markdown_escaped(tailnet_of(message)) + "] " + markdown_escaped(text_of(message))}};
  if (has_link(message)) {
    body["embeds"] =
        array{object{{"url", message.url}, {"title", kLinkText}, {"timestamp", message.timestamp}}};
  }
  body["allowed_mentions"] = object{{"parse", array{}}};
  return body;
}

object mattermost_body(const ChatMessage& message) {
  const auto plain = [](const std::string& text) { return markdown_escaped(mentions_stopped(text)); };
  std::string text = "[" + plain(tailnet_of(message)) + "] " + plain(text_of(message));
  if (has_link(message)) text += "\n[" + std::string(kLinkText) + "](" + message.url + ")";
  return {{"username", "Latchkey"}, {"text", std::move(text)}};
}

object google_chat_body(const ChatMessage& message) {
  std::string text = "[" + entity_escaped(tailnet_of(message)) + "] " + entity_escaped(text_of(message));
  if (has_link(message)) text += "\n<" + message.url + "|" + std::string(kLinkText) + ">";
  return {{"text", std::move(text)}};
}

std::string text_member(const object& json, std::string_view name) {
  const auto* value = json.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(std::string_view(value->get_string()));
}

}  // namespace

ChatMessage chat_message_of(std::string_view event_json) {
  boost::json::error_code failed;
  const auto value = boost::json::parse(event_json, failed);
  if (failed || !value.is_object()) throw std::invalid_argument("an event is no JSON object");
  const auto& event = value.get_object();
  ChatMessage message;
  message.tailnet = text_member(event, "tailnet");
  message.message = text_member(event, "message");
  message.timestamp = text_member(event, "timestamp");
  const auto* data = event.if_contains("data");
  if (data != nullptr && data->is_object()) message.url = text_member(data->get_object(), "url");
  return message;
}

std::string chat_body(Provider provider, const ChatMessage& message) {
  switch (provider) {
    case Provider::slack:
      return boost::json::serialize(slack_body(message));
    case Provider::discord:
      return boost::json::serialize(discord_body(message));
    case Provider::mattermost:
      return boost::json::serialize(mattermost_body(message));
    case Provider::googlechat:
      return boost::json::serialize(google_chat_body(message));
    case Provider::generic:
      break;
  }
  throw std::logic_error("a generic endpoint has no chat body");
}

}  // namespace latchkey::webhooks
