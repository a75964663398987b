// Who is asking: the authenticated party behind one request, as it is at this moment (role and status are
// read at use, never remembered from issue).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/audit/record.h"
#include "core/identity/scope.h"
#include "core/identity/user.h"

namespace latchkey::identity {

// What a trust credential's access token carries, as it is at this moment.
struct TrustGrant {
  CredentialId credential;  // the client or identity that minted the token; the token is the source's
  bool federated = false;
  ScopeSet scopes;
  std::vector<std::string> tags;
  bool any_tag = false;        // of a credential with the scope `all`
  bool bound_to_tags = false;  // reaches devices with one of the tags only
};

struct Caller {
  enum class Kind {
    api_token,            // an API access token: acts as its owner
    trust_credential,     // an access token of an OAuth client or federated identity: acts within its scopes
    local_administrator,  // someone with access to the server's data directory, acting as a named user
    session,              // a person at the console: acts as that user
    provisioning,         // the identity provider, with the tailnet's SCIM key: people and groups alone
    sign_on,  // the server, when somebody signs in whom it does not know: lets him in, nothing else
    worker,   // the server's own periodic work
  };

  Kind kind = Kind::api_token;
  TailnetId tailnet;
  UserId user;
  std::string login_name;
  std::string display_name;
  Role role = Role::member;         // of a person
  std::optional<TrustGrant> trust;  // of a trust credential, which has no user and no role
  audit::Source source;
};

// The actor of an audit record for what this caller does.
audit::Actor actor_of(const Caller& caller);

// A record of what this caller does to a target, in an event group of its own.
audit::Record record_by(const Caller& caller, audit::Action action, audit::Target target, TimePoint now);

// The identity provider that presented this SCIM key. `source` says from where.
Caller provisioning_caller(const TailnetId& tailnet, const CredentialId& key, audit::Source source);

// The server at somebody's sign-in. `source` is that of the person.
Caller sign_on_caller(const TailnetId& tailnet, audit::Source source);

// The server's own periodic work in a tailnet; `task` reads as in "expire API key".
Caller worker_caller(const TailnetId& tailnet, std::string_view task);

}  // namespace latchkey::identity
