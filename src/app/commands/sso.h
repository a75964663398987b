// latchkey sso providers, latchkey sso identities: how people sign in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct ListProvidersFlags {
  ServerChoice server;
  OutputForm output = OutputForm::table;
};

// For the commands that need no more than its id: show, check.
struct ProviderFlags {
  ServerChoice server;
  std::string id;
  OutputForm output = OutputForm::table;
};

// What a provider can be told; empty: as it is, or the default of a new one.
struct ProviderMembers {
  std::string name;
  std::string client_id;
  std::string secret_file;  // "-" is standard input
  std::string login_claim;
  std::string login_is_verified;  // "true" or "false"
  std::vector<std::string> domains;
  std::vector<std::string> scopes;
  std::string groups_claim;
  std::vector<std::string> allowed_groups;
};

struct AddProviderFlags {
  ServerChoice server;
  std::string id;
  std::string issuer;
  ProviderMembers members;
  OutputForm output = OutputForm::table;
};

struct UpdateProviderFlags {
  ServerChoice server;
  std::string id;
  ProviderMembers members;
  std::string enabled;  // "true" or "false"
  OutputForm output = OutputForm::table;
};

struct RemoveProvidersFlags {
  ServerChoice server;
  std::vector<std::string> ids;
  bool yes = false;
  OutputForm output = OutputForm::table;
};

struct UnlinkFlags {
  ServerChoice server;
  std::string login_name;
  OutputForm output = OutputForm::table;
};

Result<Exit> list_providers(Screen& screen, const ListProvidersFlags& flags);
Result<Exit> add_provider(Screen& screen, const AddProviderFlags& flags);
Result<Exit> show_provider(Screen& screen, const ProviderFlags& flags);
Result<Exit> update_provider(Screen& screen, const UpdateProviderFlags& flags);
Result<Exit> check_provider(Screen& screen, const ProviderFlags& flags);
Result<Exit> remove_providers(Screen& screen, const RemoveProvidersFlags& flags);
// Forgets with which identity a person signs in.
Result<Exit> unlink_person(Screen& screen, const UnlinkFlags& flags);

}  // namespace latchkey::app::commands
