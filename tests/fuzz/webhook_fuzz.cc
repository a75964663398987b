// What reaches webhooks from outside: addresses of endpoints, signature headers at a receiver, and names in
// messages to chats. The first line of the input is an address, the second a header, the rest a message.
#include <boost/json/parse.hpp>
#include <cstdint>
#include <string>

#include "base/text.h"
#include "core/webhooks/endpoint.h"
#include "core/webhooks/provider_body.h"
#include "core/webhooks/signature.h"
#include "require.h"

namespace {

using namespace latchkey;
using namespace latchkey::webhooks;

void check_url(std::string_view url) {
  const auto checked = check_endpoint_url(url, false);
  if (!checked) {
    fuzz::require(checked.error().fields == std::vector<std::string>{"endpointUrl"},
                  "a refusal names its member");
    return;
  }
  fuzz::require(to_lower(url).starts_with("https://"), "only https");
  WebhookEndpoint endpoint;
  endpoint.url = url;
  const auto masked = masked_url(endpoint);
  if (url.find('?') != std::string_view::npos) {
    fuzz::require(masked.ends_with("?***") || masked.ends_with("/***"), "a query is not shown");
  }
}

void check_signature(std::string_view header) {
  const SecretString secret(std::string("a secret that nobody guesses"));
  const TimePoint now{seconds{1767225600}};
  const auto genuine = sign({&secret, 1}, now, "body");
  if (verify(header, secret, "body", now) == Verdict::genuine) {
    const auto mac = genuine.substr(genuine.find("v1=") + 3);
    fuzz::require(to_lower(header).find(mac) != std::string::npos, "only who has the secret signs");
  }
}

void check_chats(std::string_view text) {
  const ChatMessage message{std::string(text), std::string(text), "https://latchkey.example/admin", "2026"};
  for (const auto provider :
       {Provider::slack, Provider::discord, Provider::mattermost, Provider::googlechat}) {
    const auto body = boost::json::parse(chat_body(provider, message)).as_object();
    const auto* member = body.if_contains(provider == Provider::discord ? "content" : "text");
    const std::string_view shown = member->get_string();
    const auto length = utf8_length(shown);
    fuzz::require(length.has_value(), "characters stay whole");
    fuzz::require(*length <= (provider == Provider::discord ? 2000U : 3000U), "limits hold");
    if (provider == Provider::slack) {
      fuzz::require(shown.find('<') == std::string_view::npos, "no links or mentions in Slack");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = text.find('\n');
  check_url(text.substr(0, first));
  if (first == std::string_view::npos) return 0;
  const auto rest = text.substr(first + 1);
  const auto second = rest.find('\n');
  check_signature(rest.substr(0, second));
  if (second != std::string_view::npos) check_chats(rest.substr(second + 1));
  return 0;
}
