#include <string>

#include "core/credentials/audit_view.h"
#include "core/credentials/credential_store.h"
#include "core/credentials/manage.h"
#include "core/identity/user_store.h"
#include "core/people/audit_view.h"
#include "core/people/find_person.h"
#include "core/people/standing.h"
#include "core/policy/mentions.h"
#include "core/policy/policy_store.h"
#include "core/tailnet/device_audit.h"
#include "core/tailnet/device_store.h"

namespace latchkey::people {
namespace {

struct Deletion {
  const identity::Caller& caller;
  const identity::User& user;
  const std::string& group_id;
  TimePoint now;
};

std::vector<CredentialId> revoke_keys(core::Tx& tx, const Deletion& of) {
  std::vector<CredentialId> ended;
  for (const auto& key :
       tx.credentials().list_valid(of.user.tailnet, of.user.id, of.now, credentials::kMaxListed)) {
    auto act = credentials::act_on(key, of.caller, audit::Action::revoke,
                                   audit::ChangeKind::credential_revoked, of.now);
    act.record.group_id = of.group_id;
    act.record.details = "its owner was deleted";
    act.record.new_value = boost::json::object{{"reason", "userDeleted"}};
    if (tx.credentials().revoke(key.tailnet, key.id, of.now, act)) ended.push_back(key.id);
  }
  return ended;
}

std::vector<DeviceId> remove_devices(core::Tx& tx, const Deletion& of) {
  std::vector<DeviceId> gone;
  for (const auto& device : tx.devices().list_of_user(of.user.tailnet, of.user.id)) {
    tailnet::DeviceRecords records(device, identity::actor_of(of.caller), of.caller.source, of.now,
                                   of.group_id);
    auto& record = records.add(audit::Action::delete_);
    auto was = audit_view(device);
    was["login"] = of.user.login_name;  // nobody can look it up any more
    record.old_value = std::move(was);
    record.details = "its user " + of.user.login_name + " was deleted";
    const auto change = change_of(device, audit::ChangeKind::device_removed, of.now);
    if (tx.devices().remove(device.tailnet, device.id, records, change)) gone.push_back(device.id);
  }
  return gone;
}

std::vector<std::string> mentions_that_stay(core::Tx& tx, const identity::User& user) {
  std::vector<std::string> places;
  const auto text = tx.policies().find(user.tailnet);
  if (!text) return places;
  for (const auto& mention : policy::mentions_of(*text, user.login_name)) {
    places.push_back(mention.path + " in line " + std::to_string(mention.line));
  }
  return places;
}

}  // namespace

Result<Removed> remove(core::Tx& tx, const identity::Permit<Operation::delete_user>& may, const UserId& id,
                       TimePoint now) {
  TRY(const auto user, find_person(tx, may.caller(), id, Step::remove));
  auto act = act_on(user, may.caller(), audit::Action::delete_, {}, audit::ChangeKind::user_deleted, now);
  act.record.old_value = audit_view(user);
  const Deletion deletion{may.caller(), user, act.record.group_id, now};

  // The person first, then the keys, then the devices: a device that is joining at this moment has used its
  // key, and is found; or finds the key revoked.
  Removed removed{user, {}, {}, mentions_that_stay(tx, user)};
  tx.users().remove(user, act);
  removed.keys = revoke_keys(tx, deletion);
  removed.devices = remove_devices(tx, deletion);
  return removed;
}

}  // namespace latchkey::people
