#include "core/join/pending_login.h"

#include <algorithm>

#include "core/identity/user_store.h"
#include "core/join/enrol.h"
#include "core/join/host.h"
#include "core/join/pending_login_store.h"
#include "core/policy/manage.h"
#include "core/policy/ownership.h"
#include "core/policy/tag.h"
#include "core/tailnet/address.h"
#include "core/tailnet/device_name.h"
#include "core/tailnet/device_store.h"
#include "crypto/random.h"

namespace latchkey::join {
namespace {

constexpr std::size_t kIdBytes = 16;

// What a stranger says is checked when it is said: the person who completes the login cannot mend it.
Result<RegisterRequest> storable(const RegisterRequest& request) {
  RegisterRequest kept;
  kept.machine_key = request.machine_key;
  kept.node_key = request.node_key;
  kept.old_node_key = request.old_node_key;
  kept.tailnet_lock_key = request.tailnet_lock_key;
  kept.expiry = request.expiry;
  tailnet::DeviceReport report;
  TRY(take_host_info(report, request.host_info));
  kept.host_info = std::move(report.host_info);
  kept.hostname = tailnet::storable_hostname(request.hostname);
  if (request.requested_tags.size() > policy::kMaxTags) {
    return malformed("at most " + std::to_string(policy::kMaxTags) + " tags are allowed", "tags");
  }
  for (const auto& tag : request.requested_tags) {
    if (!policy::is_tag(tag)) return malformed("a requested tag is malformed: they read tag:name", "tags");
  }
  kept.requested_tags = sorted_tags(request.requested_tags);
  TRY(kept.routable_ips, tailnet::canonical_prefixes(request.routable_ips, "routes"));
  kept.ephemeral = request.ephemeral;
  kept.capability_version = request.capability_version;
  kept.source.origin = request.source.origin;
  kept.source.address = request.source.address;
  return kept;
}

Result<identity::User> person(core::Tx& tx, const identity::Caller& caller, const std::string& login_name) {
  auto user = login_name.empty() ? tx.users().find(caller.tailnet, caller.user)
                                 : tx.users().find_by_login(caller.tailnet, login_name);
  if (!user) return malformed("the tailnet has no user with this login name", "user");
  if (user->status != identity::UserStatus::active) {
    return conflict("the user is " + std::string(to_string(user->status)) + ", so no device can be theirs");
  }
  tx.users().hold(*user);  // whoever deletes him finds the device
  return *std::move(user);
}

}  // namespace

bool is_login_id(std::string_view text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == 2 * kIdBytes && std::ranges::all_of(text, is_digit);
}

Result<PendingLogin> begin_login(core::Tx& tx, const RegisterRequest& request, TimePoint now) {
  PendingLogin login;
  login.id = crypto::random_hex(kIdBytes);
  TRY(login.request, storable(request));
  login.created = now;
  login.expires = now + kLoginWaits;
  auto& waiting = tx.pending_logins();
  waiting.remove_expired(now);
  if (waiting.count() >= kMostPendingLogins ||
      waiting.count_of_address(login.request.source.address) >= kMostPendingLoginsOfAddress) {
    return Error{ErrorCode::rate_limited,
                 "too many devices wait for a person to log them in: use an auth key, or try later",
                 {},
                 {}};
  }
  waiting.put(login);
  return login;
}

std::optional<PendingLogin> find_login(core::Tx& tx, std::string_view id, TimePoint now) {
  if (!is_login_id(id)) return std::nullopt;
  auto login = tx.pending_logins().find(id);
  if (login && login->expires <= now) return std::nullopt;
  return login;
}

namespace {

Result<tailnet::Device> let_in(core::Tx& tx, const identity::Caller& caller, const identity::User& owner,
                               bool approved, std::string_view id, const JoinContext& context,
                               TimePoint now) {
  const auto login = find_login(tx, id, now);
  if (!login) {
    return not_found("no device waits at this address any more: run tailscale up on it again for a new one");
  }
  const auto& request = login->request;

  Admission admission;
  admission.tailnet = caller.tailnet;
  admission.tags = request.requested_tags;
  if (admission.tags.empty()) {
    admission.owner = owner;
  } else {
    const auto policy = policy::current_policy(tx, caller.tailnet);
    TRY(policy::check_tags(admission.tags, policy::identity_of(caller), policy));
  }
  admission.preauthorized = approved;
  admission.by = caller;
  admission.group_id = crypto::random_hex(16);

  const auto of_machine = tx.devices().list_of_machine(request.machine_key);
  const auto existing = device_to_renew(of_machine, admission, owner.id, request);
  const auto known = tx.devices().find_by_node_key(request.node_key);
  if (known && (!existing || existing->id != known->id)) {
    return conflict("this device has logged in otherwise meanwhile; log out on it first");
  }
  auto device = existing ? renew_device(tx, *existing, admission, request, context, now)
                         : make_device(tx, DeviceId(id_text('n', crypto::random_bits())), admission, request,
                                       context, now);
  if (!device) return device.error();
  tx.pending_logins().remove(id,
                             {audit::ChangeKind::login_completed, caller.tailnet, std::string(id), 0, now});
  return device;
}

}  // namespace

Result<tailnet::Device> complete_login(core::Tx& tx, const MayCompleteLogin& may, std::string_view id,
                                       const std::string& login_name, const JoinContext& context,
                                       TimePoint now) {
  TRY(const auto owner, person(tx, may.caller(), login_name));
  return let_in(tx, may.caller(), owner, true, id, context, now);
}

Result<tailnet::Device> connect_own(core::Tx& tx, const MayConnectDevice& may, std::string_view id,
                                    const JoinContext& context, TimePoint now) {
  TRY(const auto owner, person(tx, may.caller(), {}));
  return let_in(tx, may.caller(), owner, false, id, context, now);
}

}  // namespace latchkey::join
