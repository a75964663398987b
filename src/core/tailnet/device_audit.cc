#include "core/tailnet/device_audit.h"

#include <boost/json/array.hpp>

#include "crypto/random.h"

namespace latchkey::tailnet {

DeviceRecords::DeviceRecords(const Device& device, audit::Actor actor, audit::Source source, TimePoint now,
                             std::string group_id) {
  first_.tailnet = device.tailnet;
  first_.at = now;
  first_.group_id = group_id.empty() ? crypto::random_hex(16) : std::move(group_id);
  first_.source = std::move(source);
  first_.actor = std::move(actor);
  first_.target = {device.id.str(), device.name, audit::TargetType::node, {}};
}

audit::Record& DeviceRecords::add(audit::Action action, std::string property) {
  auto& record = records_.emplace_back(first_);
  record.action = action;
  record.target.property = std::move(property);
  return record;
}

audit::Record& DeviceRecords::add(audit::Action action, std::string property, boost::json::value old_value,
                                  boost::json::value new_value) {
  auto& record = add(action, std::move(property));
  record.old_value = std::move(old_value);
  record.new_value = std::move(new_value);
  return record;
}

audit::Actor actor_of(const Device& device) {
  return {device.id.str(), audit::ActorType::node, {}, device.name};
}

audit::Actor actor_of(const Device& device, const std::optional<identity::User>& user) {
  if (!user) return actor_of(device);
  return {user->id.str(), audit::ActorType::user, user->login_name, user->display_name};
}

audit::Change change_of(const Device& device, audit::ChangeKind kind, TimePoint now) {
  return {kind, device.tailnet, device.id.str(), 0, now};
}

boost::json::object audit_view(const Device& device) {
  boost::json::object view;
  view["name"] = device.name;
  view["addresses"] = boost::json::array{device.ipv4, device.ipv6};
  if (is_tagged(device)) {
    view["tags"] = json_list(device.tags);
  } else {
    view["user"] = device.user.str();
  }
  view["ephemeral"] = device.ephemeral;
  view["authorized"] = device.authorized;
  view["keyExpiryDisabled"] = device.key_expiry_disabled;
  view["keyExpires"] = json_time(device.key_expires);
  if (!device.auth_key.empty()) view["authKey"] = device.auth_key.str();
  return view;
}

boost::json::value json_list(const std::vector<std::string>& list) {
  return boost::json::array(list.begin(), list.end());
}

boost::json::value json_time(std::optional<TimePoint> time) {
  if (!time) return nullptr;
  return boost::json::string(to_go_time(*time));
}

}  // namespace latchkey::tailnet
