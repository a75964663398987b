// latchkey clients: OAuth clients; latchkey identities: federated ones; latchkey token: an access token of
// one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct ClientTermsFlags {
  std::string description;
  std::vector<std::string> scopes;
  std::vector<std::string> tags;
  bool device_tags_only = false;
};

struct CreateClientFlags {
  ServerChoice server;
  ClientTermsFlags terms;
  std::string expires;  // a duration; empty: it does not expire
  OutputForm output = OutputForm::table;
};

// What is not named stays as it is.
struct UpdateClientFlags {
  ServerChoice server;
  std::string id;
  std::optional<std::string> description;
  std::vector<std::string> scopes;
  std::vector<std::string> tags;
  bool no_tags = false;
  std::optional<bool> device_tags_only;
  OutputForm output = OutputForm::table;
};

struct RotateClientFlags {
  ServerChoice server;
  std::string id;
  std::string overlap;  // a duration; empty: the old secret ends at once
  OutputForm output = OutputForm::table;
};

struct IdentityFlags {
  ServerChoice server;
  std::string id;  // to change one
  ClientTermsFlags terms;
  std::string issuer;
  std::string subject;
  std::string audience;
  std::vector<std::string> claims;  // "name=pattern"
  OutputForm output = OutputForm::table;
};

struct ListClientsFlags {
  ServerChoice server;
  OutputForm output = OutputForm::table;
};

struct TokenFlags {
  std::string url;
  std::string ca_file;
  std::string secret_file;  // "-" is standard input; empty: LATCHKEY_CLIENT_SECRET
  std::vector<std::string> scopes;
  std::vector<std::string> tags;
  OutputForm output = OutputForm::table;
};

// Fills the address from LATCHKEY_URL; why such a token cannot be asked for, empty when it can.
std::string complaint_about(TokenFlags& flags);

Result<Exit> create_client(Screen& screen, const CreateClientFlags& flags);
Result<Exit> update_client(Screen& screen, const UpdateClientFlags& flags);
Result<Exit> rotate_client(Screen& screen, const RotateClientFlags& flags);
Result<Exit> list_clients(Screen& screen, const ListClientsFlags& flags);
std::string complaint_about(const IdentityFlags& flags);
Result<Exit> create_identity(Screen& screen, const IdentityFlags& flags);
// As a whole: what is not named is cleared, but for the audience.
Result<Exit> replace_identity(Screen& screen, const IdentityFlags& flags);
Result<Exit> list_identities(Screen& screen, const ListClientsFlags& flags);
Result<Exit> mint_token(Screen& screen, const TokenFlags& flags);

}  // namespace latchkey::app::commands
