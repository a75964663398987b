#include "control/messages/register_message.h"

#include <boost/json/serialize.hpp>

#include "control/messages/protocol_key.h"
#include "control/messages/user_profile.h"
#include "control/messages/wire_json.h"

namespace latchkey::control {

Result<RegisterMessage> parse_register(std::string_view body) {
  TRY(const auto json, WireObject::parse(body));
  RegisterMessage message;
  auto& request = message.request;
  TRY(request.capability_version, json.integer("Version"));
  TRY(request.node_key, json.key("NodeKey", kNodeKey));
  TRY(request.old_node_key, json.key("OldNodeKey", kNodeKey));
  TRY(request.tailnet_lock_key, json.key("NLKey", kTailnetLockKey));
  TRY(request.expiry, json.time("Expiry"));
  TRY(request.ephemeral, json.flag("Ephemeral"));
  TRY(message.followup, json.text("Followup"));
  TRY(const auto auth, json.object("Auth"));
  TRY(auto auth_key, auth.text("AuthKey"));
  request.auth_key = SecretString(std::move(auth_key));
  TRY(const auto host, json.object("Hostinfo"));
  TRY(request.hostname, host.text("Hostname"));
  TRY(request.requested_tags, host.texts("RequestTags"));
  TRY(request.routable_ips, host.texts("RoutableIPs"));
  request.host_info = boost::json::serialize(host.members());
  if (request.node_key.empty()) return malformed("NodeKey is required", "NodeKey");
  return message;
}

std::string accepted_answer(const join::Registered& registered, bool machine_authorized) {
  boost::json::object json;
  const auto profile = registered.owner ? profile_of(*registered.owner) : tagged_devices_profile();
  boost::json::object user;
  user["ID"] = profile.number;
  user["DisplayName"] = profile.display_name;
  boost::json::object login;
  login["ID"] = profile.number;
  login["Provider"] = "latchkey";
  login["LoginName"] = profile.login_name;
  login["DisplayName"] = profile.display_name;
  json["User"] = std::move(user);
  json["Login"] = std::move(login);
  json["NodeKeyExpired"] = false;
  json["MachineAuthorized"] = machine_authorized;
  json["AuthURL"] = "";
  return boost::json::serialize(json);
}

std::string node_key_expired_answer() {
  return R"({"NodeKeyExpired":true,"MachineAuthorized":false})";
}

std::string login_answer(std::string_view address) {
  boost::json::object json;
  json["AuthURL"] = address;
  return boost::json::serialize(json);
}

std::string refused_answer(std::string_view reason) {
  boost::json::object json;
  json["Error"] = reason;
  return boost::json::serialize(json);
}

}  // namespace latchkey::control
