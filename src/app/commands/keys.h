// latchkey keys: create, list, show, revoke, and check, which needs no server.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct CreateKeyFlags {
  ServerChoice server;
  std::string type = "auth";
  std::string description;
  std::string expires;  // a duration; empty for the server's standard
  bool reusable = false;
  bool ephemeral = false;
  bool preauthorized = false;
  std::vector<std::string> tags;
  std::optional<std::int64_t> max_uses;
  std::vector<std::string> allow_hostnames;
  OutputForm output = OutputForm::table;
};

struct ListKeysFlags {
  ServerChoice server;
  bool all = false;
  std::string matching;  // a query; empty: no other condition
  OutputForm output = OutputForm::table;
};

struct ShowKeyFlags {
  ServerChoice server;
  std::string id;
  OutputForm output = OutputForm::table;
};

struct RevokeKeysFlags {
  ServerChoice server;
  std::vector<std::string> ids;
  std::string matching;  // instead of ids: all that this query means
  std::string reason;
  bool dry_run = false;
  bool yes = false;
  OutputForm output = OutputForm::table;
};

struct CheckKeyFlags {
  std::string text = "-";  // "-" is standard input
  OutputForm output = OutputForm::table;
};

// Why such a key cannot be asked for; empty when it can.
std::string complaint_about(const CreateKeyFlags& flags);
// Why it is not clear which keys; empty when it is.
std::string complaint_about(const RevokeKeysFlags& flags);

Result<Exit> create_key(Screen& screen, const CreateKeyFlags& flags);
Result<Exit> list_keys(Screen& screen, const ListKeysFlags& flags);
Result<Exit> show_key(Screen& screen, const ShowKeyFlags& flags);
Result<Exit> revoke_keys(Screen& screen, const RevokeKeysFlags& flags);
Result<Exit> check_key(Screen& screen, const CheckKeyFlags& flags);

}  // namespace latchkey::app::commands
