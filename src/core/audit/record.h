// One entry of the configuration audit log: who did what to which thing, from where, what it was before and
// is now. The members follow the wire format of GET /tailnet/{t}/logging/configuration; the texts are fixed
// there.
//
// A record never holds a secret: `old_value` and `new_value` are built by the audited noun from named,
// harmless members (see credentials/audit_view.h), not from a dump of the object.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

namespace latchkey::audit {

enum class Origin { admin_console, config_api, control, identity_provider, node };
enum class ActorType { user, node, automated_worker, oauth_client, scim };
enum class TargetType {
  tailnet,
  user,
  group,
  invite,
  admin_console,
  api_key,
  oauth_access_token,
  node,
  webhook_endpoint,
  failed_request,
};
enum class Action {
  create,
  update,
  revoke,
  expired,
  delete_,
  suspend,
  restore,
  enable,
  disable,
  approve,
  login,
  logout,
  resend,
  accept,
  push_user,
  push_group,
};

std::string_view to_string(Origin value);
std::string_view to_string(ActorType value);
std::string_view to_string(TargetType value);
std::string_view to_string(Action value);
// Throw std::invalid_argument for text that no release has written.
Origin origin_from(std::string_view text);
ActorType actor_type_from(std::string_view text);
TargetType target_type_from(std::string_view text);
Action action_from(std::string_view text);

struct Actor {
  std::string id;
  ActorType type = ActorType::user;
  std::string login_name;
  std::string display_name;
};

struct Target {
  std::string id;
  std::string name;
  TargetType type = TargetType::api_key;
  std::string property;  // empty when the whole thing is meant
};

// How the act reached the server. Recorded beside upstream's members, for "what used this key, from where".
struct Source {
  Origin origin = Origin::config_api;
  CredentialId credential;  // that authenticated the request; empty for a console session or a worker
  std::string address;      // of the caller, behind trusted proxies
  std::string user_agent;
  std::string request_id;
};

struct Record {
  TailnetId tailnet;
  TimePoint at{};
  std::string group_id;  // 32 hexadecimal digits, equal for all records of one act
  Source source;
  Actor actor;
  Target target;
  Action action = Action::create;
  std::optional<boost::json::value> old_value;
  std::optional<boost::json::value> new_value;
  std::string details;
  std::string error;  // why a refused act was refused
};

// "API_KEY.CREATE", "TAILNET.UPDATE.MAX_KEY_DURATION": what the `event` filter names.
std::string event_name(const Record& record);

}  // namespace latchkey::audit
