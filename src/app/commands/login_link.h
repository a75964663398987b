// latchkey login-link: a one-time link into the console, for who administers the server's machine.
#pragma once

#include <string>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct LoginLinkFlags {
  LocalPlace place;
  std::string tailnet;  // empty: the only one
  std::string user;     // empty: the owner
  OutputForm output = OutputForm::table;
};

Result<Exit> login_link(Screen& screen, const LoginLinkFlags& flags);

struct NewLoginLink {
  SecretString url;
  SecretString path;  // the same without the server's address
  std::string login_name;
  std::string expires;
};
// Where nobody listens the settings say where the server will.
Result<NewLoginLink> make_login_link(Api& api, const Settings& settings);
// "http://127.0.0.1:8080": how people reach a server with these settings.
std::string address_of(const Settings& settings);

}  // namespace latchkey::app::commands
