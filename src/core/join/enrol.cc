#include "core/join/enrol.h"

#include <algorithm>

#include "core/join/host.h"
#include "core/tailnet/address.h"
#include "core/tailnet/device_audit.h"
#include "core/tailnet/device_name.h"
#include "core/tailnet/device_store.h"
#include "core/tailnet/free_name.h"
#include "core/tailnet/settings_store.h"
#include "crypto/random.h"

namespace latchkey::join {
namespace {

using tailnet::Device;
using tailnet::DeviceStore;
using tailnet::TailnetSettings;

constexpr int kAttempts = 16;
constexpr int kAddressAttempts = 256;
constexpr std::uint64_t kNumberMask = (std::uint64_t{1} << 52) - 1;

// What every login sets anew.
Result<void> log_in(core::Tx& tx, Device& device, const Admission& admission, const RegisterRequest& request,
                    const JoinContext& context, const TailnetSettings& settings, TimePoint now) {
  device.user = admission.owner ? admission.owner->id : UserId();
  device.tags = admission.tags;
  device.auth_key = admission.auth_key;
  device.node_key = request.node_key;
  device.tailnet_lock_key = request.tailnet_lock_key;
  device.ephemeral = admission.ephemeral || request.ephemeral;
  device.key_expires = now + days{settings.devices_key_duration_days};
  if (request.expiry) device.key_expires = std::min(*device.key_expires, *request.expiry);
  device.expiry_announced = false;
  if (tailnet::is_tagged(device)) device.key_expiry_disabled = true;
  device.report.capability_version = request.capability_version;
  TRY(take_host_info(device.report, request.host_info));
  TRY(take_routes(tx, device, request.routable_ips, context));
  return {};
}

Result<void> choose_address(core::Tx& tx, Device& device) {
  for (int attempt = 0; attempt < kAddressAttempts; ++attempt) {
    const auto chosen = tailnet::choose_ipv4(crypto::random_bits());
    if (!chosen || tx.devices().is_address_taken(device.tailnet, chosen->str())) continue;
    device.ipv4 = chosen->str();
    device.ipv6 = tailnet::ipv6_beside(*chosen).str();
    return {};
  }
  return unavailable("the tailnet has no free address; remove devices that are gone");
}

Error in_each_others_way() {
  return unavailable("another registration of this machine is under way; try again");
}

Error node_key_in_use() {
  return conflict("this node key belongs to another machine; log out and log in again");
}

tailnet::DeviceRecords records_for(const Device& device, const Admission& admission,
                                   const RegisterRequest& request, TimePoint now) {
  if (admission.by) {
    return {device, identity::actor_of(*admission.by), admission.by->source, now, admission.group_id};
  }
  audit::Source source = request.source;
  source.credential = admission.auth_key;
  return {device, tailnet::actor_of(device, admission.owner), source, now, admission.group_id};
}

void add_login(tailnet::DeviceRecords& records, const Device& device, const Admission& admission) {
  auto& record = records.add(audit::Action::login);
  record.new_value = audit_view(device);
  if (!device.auth_key.empty()) record.details = "with auth key " + device.auth_key.str();
  if (admission.by && admission.owner) record.details = "for " + admission.owner->login_name;
}

void add_approval(tailnet::DeviceRecords& records, const Admission& admission) {
  records.add(audit::Action::approve).details =
      admission.by ? "with its login" : "pre-approved by auth key " + admission.auth_key.str();
}

}  // namespace

std::vector<std::string> sorted_tags(std::vector<std::string> tags) {
  std::ranges::sort(tags);
  const auto repeated = std::ranges::unique(tags);
  tags.erase(repeated.begin(), repeated.end());
  return tags;
}

std::optional<Device> device_to_renew(const std::vector<Device>& of_machine, const Admission& admission,
                                      const UserId& person, const RegisterRequest& request) {
  const UserId user = admission.owner ? admission.owner->id : UserId();
  for (const auto& device : of_machine) {
    if (device.tailnet == admission.tailnet && device.user == user) return device;
  }
  if (admission.tags.empty() || person.empty()) return std::nullopt;
  for (const auto& device : of_machine) {
    const bool present = device.node_key == request.node_key || device.node_key == request.old_node_key;
    if (present && device.tailnet == admission.tailnet && device.user == person) return device;
  }
  return std::nullopt;
}

Result<Device> make_device(core::Tx& tx, const DeviceId& id, const Admission& admission,
                           const RegisterRequest& request, const JoinContext& context, TimePoint now) {
  const TailnetSettings settings = tx.settings().settings(admission.tailnet);
  Device device;
  device.id = id;
  device.tailnet = admission.tailnet;
  device.machine_key = request.machine_key;
  device.created = now;
  device.hostname = tailnet::storable_hostname(request.hostname);
  device.authorized = admission.preauthorized || !settings.devices_approval;
  TRY(log_in(tx, device, admission, request, context, settings, now));

  const auto change = change_of(device, audit::ChangeKind::device_joined, now);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    device.number = static_cast<std::int64_t>((crypto::random_bits() & kNumberMask) + 1);
    device.name = tailnet::free_name(tx, device.tailnet, device.hostname);
    TRY(choose_address(tx, device));
    auto records = records_for(device, admission, request, now);
    records.add(audit::Action::create).new_value = audit_view(device);
    add_login(records, device, admission);
    if (admission.preauthorized && settings.devices_approval) add_approval(records, admission);
    switch (tx.devices().insert(device, records, change)) {
      case DeviceStore::Written::done:
        return device;
      case DeviceStore::Written::machine_taken:
        return in_each_others_way();
      case DeviceStore::Written::node_key_taken:
        return node_key_in_use();
      case DeviceStore::Written::name_taken:
      case DeviceStore::Written::address_taken:
      case DeviceStore::Written::number_taken:
        break;
    }
  }
  return unavailable("no free name or address was found; try again");
}

Result<Device> renew_device(core::Tx& tx, Device device, const Admission& admission,
                            const RegisterRequest& request, const JoinContext& context, TimePoint now) {
  const Device before = device;
  TRY(log_in(tx, device, admission, request, context, tx.settings().settings(device.tailnet), now));
  take_hostname(tx, device, request.hostname);
  if (admission.by && admission.preauthorized) device.authorized = true;

  auto records = records_for(device, admission, request, now);
  add_login(records, device, admission);
  if (device.authorized && !before.authorized) add_approval(records, admission);
  using audit::Action;
  if (device.tags != before.tags) {
    records.add(Action::update, "ACL_TAGS", tailnet::json_list(before.tags), tailnet::json_list(device.tags));
  }
  if (device.key_expiry_disabled && !before.key_expiry_disabled) records.add(Action::disable, "KEY_EXPIRY");
  if (device.name != before.name) {
    records.add(Action::update, "MACHINE_NAME", boost::json::string(before.name),
                boost::json::string(device.name));
  }
  if (device.enabled_routes != before.enabled_routes) {
    records.add(Action::update, "AUTO_APPROVED_ROUTES", tailnet::json_list(before.enabled_routes),
                tailnet::json_list(device.enabled_routes));
  }

  const auto change = change_of(device, audit::ChangeKind::device_updated, now);
  switch (tx.devices().update(device, records, change)) {
    case DeviceStore::Written::done:
      break;
    case DeviceStore::Written::node_key_taken:
      return node_key_in_use();
    case DeviceStore::Written::machine_taken:
    case DeviceStore::Written::name_taken:
    case DeviceStore::Written::address_taken:
    case DeviceStore::Written::number_taken:
      return in_each_others_way();
  }
  if (device.report != before.report) {
    tx.devices().report(device.tailnet, device.id, device.report,
                        change_of(device, audit::ChangeKind::device_reported, now));
  }
  return device;
}

}  // namespace latchkey::join
