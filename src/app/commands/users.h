// latchkey users: the people of a tailnet, what becomes of them, and invites.
//
// A person is named by login name or id (u...CNTRL).
#pragma once

#include <string>
#include <vector>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct ListUsersFlags {
  ServerChoice server;
  std::string role;
  std::string status;
  OutputForm output = OutputForm::table;
};

struct UserFlags {
  ServerChoice server;
  std::string person;
  OutputForm output = OutputForm::table;
};

// For acts on several people, one after the other.
struct UsersFlags {
  ServerChoice server;
  std::vector<std::string> people;
  bool yes = false;
  OutputForm output = OutputForm::table;
};

struct AddUserFlags {
  ServerChoice server;
  std::string login;
  std::string name;
  std::string role;
  OutputForm output = OutputForm::table;
};

struct UserRoleFlags {
  ServerChoice server;
  std::string person;
  std::string role;
  OutputForm output = OutputForm::table;
};

struct TransferFlags {
  ServerChoice server;
  std::string person;
  bool yes = false;
  OutputForm output = OutputForm::table;
};

struct InviteFlags {
  ServerChoice server;
  std::string role;
  std::string email;
  OutputForm output = OutputForm::table;
};

struct ListInvitesFlags {
  ServerChoice server;
  OutputForm output = OutputForm::table;
};

struct InviteIdFlags {
  ServerChoice server;
  std::string id;
  OutputForm output = OutputForm::table;
};

Result<Exit> list_users(Screen& screen, const ListUsersFlags& flags);
Result<Exit> show_user(Screen& screen, const UserFlags& flags);
Result<Exit> add_user(Screen& screen, const AddUserFlags& flags);
Result<Exit> approve_users(Screen& screen, const UsersFlags& flags);
Result<Exit> suspend_users(Screen& screen, const UsersFlags& flags);
Result<Exit> restore_users(Screen& screen, const UsersFlags& flags);
Result<Exit> delete_users(Screen& screen, const UsersFlags& flags);
Result<Exit> set_user_role(Screen& screen, const UserRoleFlags& flags);
Result<Exit> transfer_ownership(Screen& screen, const TransferFlags& flags);

// invites.cc
Result<Exit> invite_user(Screen& screen, const InviteFlags& flags);
Result<Exit> list_invites(Screen& screen, const ListInvitesFlags& flags);
Result<Exit> resend_invite(Screen& screen, const InviteIdFlags& flags);
Result<Exit> delete_invite(Screen& screen, const InviteIdFlags& flags);

}  // namespace latchkey::app::commands
