// One event in the words of a chat provider. Names in it come from outside: what the provider would read as
// markup or as a mention of people is made harmless, and its limits on length are kept.
#pragma once

#include <string>
#include <string_view>

#include "core/webhooks/endpoint.h"

namespace latchkey::webhooks {

// What is told; the rest of an event is for programs.
struct ChatMessage {
  std::string tailnet;  // its name
  std::string message;
  std::string url;        // of the console's page; empty: none
  std::string timestamp;  // RFC 3339
};

// Of an element of payload.h.
ChatMessage chat_message_of(std::string_view event_json);

// The body for this provider. Throws std::logic_error for generic, which has the body of payload.h.
std::string chat_body(Provider provider, const ChatMessage& message);

}  // namespace latchkey::webhooks
