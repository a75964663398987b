// Who is asking: the authenticated party behind one request, as it is at this moment (role and status are
// read at use, never remembered from issue).
#pragma once

#include <string>

#include "core/audit/record.h"
#include "core/identity/user.h"

namespace latchkey::identity {

struct Caller {
  enum class Kind {
    api_token,            // an API access token: acts as its owner
    local_administrator,  // someone with access to the server's data directory, acting as a named user
    worker,               // the server's own periodic work
  };

  Kind kind = Kind::api_token;
  TailnetId tailnet;
  UserId user;
  std::string login_name;
  std::string display_name;
  Role role = Role::member;
  audit::Source source;
};

// The actor of an audit record for what this caller does.
audit::Actor actor_of(const Caller& caller);

// A record of what this caller does to a target, in an event group of its own.
audit::Record record_by(const Caller& caller, audit::Action action, audit::Target target, TimePoint now);

// The server's own periodic work in a tailnet; `task` reads as in "expire API key".
Caller worker_caller(const TailnetId& tailnet, std::string_view task);

}  // namespace latchkey::identity
