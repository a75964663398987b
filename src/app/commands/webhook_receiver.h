// latchkey webhooks listen and verify: what a receiver does, for trying out and for scripts. No server is
// asked.
#pragma once

#include <cstdint>
#include <string>

#include "app/output.h"
#include "base/result.h"
#include "base/time.h"

namespace latchkey::app::commands {

struct ListenFlags {
  std::int64_t port = 0;    // on 127.0.0.1; 0: the kernel chooses
  std::string secret_file;  // "-" is standard input; empty: LATCHKEY_WEBHOOK_SECRET, else it is asked for
  OutputForm output = OutputForm::table;
};

struct VerifyWebhookFlags {
  std::string signature;    // the header, with or without its name
  std::string body = "-";   // a file; "-" is standard input
  std::string secret_file;  // as above
  std::string at;           // a moment: when it came; empty: now
  OutputForm output = OutputForm::table;
};

// Why the two cannot both come from there; empty when they can.
std::string complaint_about(const VerifyWebhookFlags& flags);

// Takes signed requests until SIGINT or SIGTERM and prints their events: a line each, or each as JSON. What
// is not signed with the secret is refused with 401. Call it before any other thread exists.
Result<Exit> listen_webhooks(Screen& screen, const ListenFlags& flags);

// Exit::failed, with what is wrong, when the signature does not hold.
Result<Exit> verify_webhook(Screen& screen, const VerifyWebhookFlags& flags);

// What is wrong with a signature, in words; empty when it holds.
std::string fault_of(std::string_view header, const SecretString& secret, std::string_view body,
                     TimePoint at);

// The lines in which a genuine body is printed: one for each event of a list; for a chat provider its text.
std::vector<std::string> lines_of(const std::string& body);

}  // namespace latchkey::app::commands
