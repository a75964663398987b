// latchkey webhooks: endpoints, and the log of what they were sent. What a receiver does is in
// webhook_receiver.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct ListWebhooksFlags {
  ServerChoice server;
  OutputForm output = OutputForm::table;
};

struct CreateWebhookFlags {
  ServerChoice server;
  std::string address;
  std::string provider;  // empty: the address tells
  std::vector<std::string> events;
  OutputForm output = OutputForm::table;
};

// For the commands that need no more than its id: show, test.
struct WebhookFlags {
  ServerChoice server;
  std::string id;
  OutputForm output = OutputForm::table;
};

struct UpdateWebhookFlags {
  ServerChoice server;
  std::string id;
  std::vector<std::string> events;
  OutputForm output = OutputForm::table;
};

struct RotateWebhookFlags {
  ServerChoice server;
  std::string id;
  std::string overlap;  // a duration; empty: the old secret ends at once
  OutputForm output = OutputForm::table;
};

struct DeleteWebhooksFlags {
  ServerChoice server;
  std::vector<std::string> ids;
  bool yes = false;
  OutputForm output = OutputForm::table;
};

struct DeliveriesFlags {
  ServerChoice server;
  std::string id;
  std::optional<std::int64_t> number;  // that one, with its attempts
  std::string state;
  std::optional<std::int64_t> before;
  std::optional<std::int64_t> limit;
  OutputForm output = OutputForm::table;
};

struct ReplayFlags {
  ServerChoice server;
  std::string id;
  std::vector<std::int64_t> numbers;
  std::string since;  // a moment; then of a window
  std::string until;  // empty: now
  std::string state;
  OutputForm output = OutputForm::table;
};

// Why that cannot be replayed; empty when it can.
std::string complaint_about(const ReplayFlags& flags);

Result<Exit> list_webhooks(Screen& screen, const ListWebhooksFlags& flags);
Result<Exit> create_webhook(Screen& screen, const CreateWebhookFlags& flags);
Result<Exit> show_webhook(Screen& screen, const WebhookFlags& flags);
Result<Exit> update_webhook(Screen& screen, const UpdateWebhookFlags& flags);
Result<Exit> test_webhook(Screen& screen, const WebhookFlags& flags);
Result<Exit> rotate_webhook(Screen& screen, const RotateWebhookFlags& flags);
Result<Exit> delete_webhooks(Screen& screen, const DeleteWebhooksFlags& flags);
Result<Exit> webhook_deliveries(Screen& screen, const DeliveriesFlags& flags);
Result<Exit> replay_webhook(Screen& screen, const ReplayFlags& flags);

}  // namespace latchkey::app::commands
