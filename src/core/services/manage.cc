#include "core/services/manage.h"

#include <algorithm>

#include "core/policy/manage.h"
#include "core/policy/ownership.h"
#include "core/services/service_store.h"
#include "core/tailnet/address.h"
#include "core/tailnet/device_store.h"
#include "core/tailnet/find_device.h"
#include "core/tailnet/settings_store.h"
#include "core/tailnet/tailnet_act.h"
#include "crypto/random.h"

namespace latchkey::services {
namespace {

using audit::Action;
using tailnet::Address;
using Written = ServiceStore::Written;

constexpr int kAttempts = 256;

Error no_service() {
  return not_found("service not found");
}

audit::Act act_of(core::Tx& tx, const MayWrite& may, Action action, const std::string& name, TimePoint now) {
  return tailnet::tailnet_act(tx, may.caller(), action, "SERVICE", audit::ChangeKind::service_updated, name,
                              now);
}

Result<std::string> assignable(const std::string& text) {
  const auto address = Address::parse(text);
  if (address && tailnet::may_be_assigned(*address)) return address->str();
  return malformed("an address of a service is in 100.64.0.0/10 and not one of those reserved there",
                   "addrs");
}

// Sets the addresses that somebody chose; those that he leaves to the server stay empty.
Result<void> take_addresses(Service& service, const std::vector<std::string>& wanted) {
  const bool is_new = service.ipv6.empty();
  if (wanted.empty()) return {};
  if (wanted.size() > (is_new ? 1U : 2U)) {
    return malformed(is_new ? "addrs of a new service is left out, or one IPv4 address"
                            : "addrs is the IPv4 address and the IPv6 address of the service",
                     "addrs");
  }
  TRY(service.ipv4, assignable(wanted[0]));
  if (wanted.size() == 1) return {};
  const auto ipv6 = Address::parse(wanted[1]);
  if (ipv6 && ipv6->str() == service.ipv6) return {};
  return malformed("the IPv6 address of a service cannot be changed: it is " + service.ipv6, "addrs");
}

// Before the insertion decides: another may be quicker.
Result<void> choose_ipv4(core::Tx& tx, Service& service) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto chosen = tailnet::choose_ipv4(crypto::random_bits());
    if (!chosen || tx.devices().is_address_taken(service.tailnet, chosen->str())) continue;
    service.ipv4 = chosen->str();
    return {};
  }
  return unavailable("the tailnet has no free address; remove devices or services that are gone");
}

// All but the addresses.
Result<void> take_members(core::Tx& tx, const MayWrite& may, Service& service, const WantedService& want) {
  if (want.display_name) service.display_name = *want.display_name;
  if (want.annotations) service.annotations = *want.annotations;
  service.comment = want.comment;
  TRY(check_texts(service));
  TRY(service.ports, checked_ports(want.ports));
  auto tags = want.tags;
  std::ranges::sort(tags);
  const auto repeated = std::ranges::unique(tags);
  tags.erase(repeated.begin(), repeated.end());
  if (tags.size() > policy::kMaxTags) {
    return malformed("at most " + std::to_string(policy::kMaxTags) + " tags are allowed", "tags");
  }
  // Whoever changes something else need not be allowed to give the tags that are there.
  if (tags != service.tags) {
    TRY(policy::check_tags(tags, policy::identity_of(may.caller()),
                           policy::current_policy(tx, may.tailnet())));
  }
  service.tags = std::move(tags);
  return {};
}

Error taken(Written written) {
  if (written == Written::name_taken) return conflict("a device or another service has this name");
  return conflict("a device or another service has this address");
}

Result<Service> create(core::Tx& tx, const MayWrite& may, Service service, const WantedService& want,
                       TimePoint now) {
  if (tx.services().count(may.tailnet()) >= kMaxServices) {
    return conflict("a tailnet has at most " + std::to_string(kMaxServices) + " services");
  }
  TRY(take_members(tx, may, service, want));
  TRY(take_addresses(service, want.addresses));
  const bool chooses = service.ipv4.empty();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (chooses) TRY(choose_ipv4(tx, service));
    const auto ipv6 = choose_ipv6(crypto::random_bits());
    if (!ipv6) continue;
    service.ipv6 = *ipv6;
    auto act = act_of(tx, may, Action::create, service.name, now);
    act.record.new_value = audit_view(service);
    const auto written = tx.services().insert(service, act);
    if (written == Written::done) return service;
    if (written == Written::name_taken || (written == Written::ipv4_taken && !chooses)) return taken(written);
  }
  return unavailable("no free address was found; try again");
}

Result<Service> change(core::Tx& tx, const MayWrite& may, const Service& before, const WantedService& want,
                       TimePoint now) {
  Service service = before;
  if (!want.name.empty()) service.name = want.name;
  TRY(check_name(service.name));
  TRY(take_members(tx, may, service, want));
  TRY(take_addresses(service, want.addresses));
  if (service == before) return service;
  auto act = act_of(tx, may, Action::update, service.name, now);
  act.record.old_value = audit_view(before);
  act.record.new_value = audit_view(service);
  const auto written = tx.services().update(before.name, service, act);
  if (written != Written::done) return taken(written);
  return service;
}

template <identity::Operation operation>
Error not_hosted(core::Tx& tx, const identity::Permit<operation>& may, std::string_view name,
                 std::string_view id) {
  if (!tx.services().find(may.tailnet(), name)) return no_service();
  const auto device = tailnet::find_device(tx, may, id);
  if (!device) return device.error();
  return not_found("this device does not host the service");
}

}  // namespace

std::vector<Service> list_services(core::Tx& tx, const MayRead& may) {
  return tx.services().list(may.tailnet());
}

Result<Service> read_service(core::Tx& tx, const MayRead& may, std::string_view name) {
  auto found = tx.services().find(may.tailnet(), name);
  if (!found) return no_service();
  return *std::move(found);
}

Result<Service> put_service(core::Tx& tx, const MayWrite& may, std::string_view name,
                            const WantedService& want, TimePoint now) {
  // So that two changes do not undo each other, and the limit holds.
  tx.settings().hold(may.tailnet());
  if (const auto found = tx.services().find(may.tailnet(), name)) return change(tx, may, *found, want, now);
  Service service;
  service.tailnet = may.tailnet();
  service.name = name;
  TRY(check_name(name));
  if (!want.name.empty() && want.name != name) {
    return malformed("there is no service of this name; to make it, name must be the one of the path",
                     "name");
  }
  return create(tx, may, std::move(service), want, now);
}

Result<void> remove_service(core::Tx& tx, const MayWrite& may, std::string_view name, TimePoint now) {
  const auto service = tx.services().find(may.tailnet(), name);
  if (!service) return no_service();
  auto act = act_of(tx, may, Action::delete_, service->name, now);
  act.record.old_value = audit_view(*service);
  if (!tx.services().remove(may.tailnet(), name, act)) return no_service();
  return {};
}

Result<void> find_hosts(core::Tx& tx, const MayReadHosts& may, std::string_view name) {
  if (!tx.services().find(may.tailnet(), name)) return no_service();
  return {};
}

Error host_not_found(core::Tx& tx, const MayReadHosts& may, std::string_view name, std::string_view device) {
  return not_hosted(tx, may, name, device);
}

Error host_not_found(core::Tx& tx, const MayApproveHost& may, std::string_view name,
                     std::string_view device) {
  return not_hosted(tx, may, name, device);
}

}  // namespace latchkey::services
