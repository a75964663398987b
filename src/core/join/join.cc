#include "core/join/join.h"

#include <algorithm>

#include "base/text.h"
#include "core/audit/audit_store.h"
#include "core/credentials/redeem.h"
#include "core/credentials/watch.h"
#include "core/join/enrol.h"
#include "core/join/pending_login.h"
#include "core/join/session.h"
#include "core/policy/manage.h"
#include "core/policy/ownership.h"
#include "core/policy/tag.h"
#include "core/tailnet/device_name.h"
#include "core/tailnet/device_store.h"
#include "crypto/random.h"

namespace latchkey::join {
namespace {

using credentials::OwnedCredential;
using tailnet::Device;

constexpr std::size_t kMaxRefusal = 300;

Registered node_key_expired() {
  Registered registered;
  registered.node_key_expired = true;
  return registered;
}

Result<void> check_keys(const RegisterRequest& request) {
  using namespace tailnet;
  if (!is_public_key(kMachineKeyPrefix, request.machine_key))
    return malformed("the machine key is malformed");
  if (!is_public_key(kNodeKeyPrefix, request.node_key)) return malformed("the node key is malformed");
  if (!request.tailnet_lock_key.empty() && !is_public_key(kTailnetLockKeyPrefix, request.tailnet_lock_key)) {
    return malformed("the tailnet lock key is malformed");
  }
  return {};
}

bool is_part_of(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
  return std::ranges::includes(whole, part);
}

// The one place that asks whether a key's owner may give these tags, now. Of the tags of a key that the
// tailnet owns, judged when it was issued, it asks only that the policy file still defines them.
Result<void> check_owned(core::Tx& tx, const std::vector<std::string>& tags, const OwnedCredential& key) {
  if (tags.empty()) return {};
  const auto policy = policy::current_policy(tx, key.credential.tailnet);
  if (!key.owner && policy.is_standard()) return {};
  const policy::Identity who = key.owner ? policy::Identity{key.owner->login_name, key.owner->role, {}}
                                         : policy::Identity{{}, {}, tags};
  auto allowed = policy::check_tags(tags, who, policy);
  if (allowed) return {};
  Error error = allowed.error();
  error.message +=
      key.owner ? ": the owner of the auth key may not use them" : ": the policy file does not define them";
  return error;
}

// The key's tags, of which a device may ask for some; with an untagged key, those it asks for.
Result<std::vector<std::string>> choose_tags(core::Tx& tx, const OwnedCredential& key,
                                             const std::vector<std::string>& requested_tags) {
  const auto granted = sorted_tags(key.credential.grant.tags);
  if (requested_tags.size() > policy::kMaxTags) {
    return malformed("at most " + std::to_string(policy::kMaxTags) + " tags are allowed", "tags");
  }
  const auto requested = sorted_tags(requested_tags);
  if (granted.empty()) {
    TRY(check_owned(tx, requested, key));
    return requested;
  }
  if (!is_part_of(requested, granted)) {
    std::string refused;
    for (const auto& tag : requested) {
      if (std::ranges::binary_search(granted, tag)) continue;
      refused += (refused.empty() ? "" : " ") + std::string(clip(redact_keys(tag), policy::kMaxTagLength));
    }
    Error error = malformed(
        "requested tags [" + refused + "] are invalid or not permitted: the auth key does not have them",
        "tags");
    error.refusal = true;
    return error;
  }
  TRY(check_owned(tx, granted, key));
  return granted;
}

// Whether a known device with a valid node key just goes on, although it presents a key: its own key again,
// or one that admits nobody any more.
bool goes_on(const Device& device, const OwnedCredential& key, const RegisterRequest& request,
             TimePoint now) {
  if (!credentials::check_usable(key, now)) return true;
  const bool asks_for_nothing_new =
      request.requested_tags.empty() || is_part_of(sorted_tags(request.requested_tags), device.tags);
  return device.tailnet == key.credential.tailnet && device.auth_key == key.credential.id &&
         asks_for_nothing_new;
}

Result<Registered> join_with_key(core::Tx& tx, const RegisterRequest& request, const JoinContext& context,
                                 const std::optional<Device>& known, TimePoint now) {
  const auto key = credentials::recognise(tx, request.auth_key, context.mint);
  // A key that nobody remembers any more, at a restart.
  if (!key && known && key.error().code == ErrorCode::unauthenticated) {
    return go_on(tx, *known, request.expiry, request.source, now);
  }
  if (!key) return key.error();
  if (known && goes_on(*known, *key, request, now)) {
    return go_on(tx, *known, request.expiry, request.source, now);
  }

  const auto& grant = key->credential.grant;
  Admission admission;
  admission.tailnet = key->credential.tailnet;
  auto tags = choose_tags(tx, *key, request.requested_tags);
  if (!tags) {
    // Of two reasons the key's own comes first.
    TRY(credentials::check_usable(*key, now));
    return tags.error();
  }
  admission.tags = *std::move(tags);
  if (admission.tags.empty()) admission.owner = key->owner;
  admission.ephemeral = grant.ephemeral;
  admission.preauthorized = grant.preauthorized;
  admission.auth_key = key->credential.id;
  admission.group_id = crypto::random_hex(16);
  if (admission.tags.empty() && !admission.owner) {
    return forbidden("invalid key: API key " + key->credential.id.str() +
                     " not valid: it has neither an owner nor tags");
  }

  const auto existing = device_to_renew(tx.devices().list_of_machine(request.machine_key), admission,
                                        key->owner ? key->owner->id : UserId(), request);
  // The key of one device cannot be that of another, also on one machine: ask for a fresh one.
  if (known && (!existing || existing->id != known->id)) return node_key_expired();

  const DeviceId id = existing ? existing->id : DeviceId(id_text('n', crypto::random_bits()));
  credentials::JoinRequest use;
  use.machine = request.machine_key;
  use.hostname = request.hostname;
  use.device = {id.str(), audit::ActorType::node, {}, tailnet::storable_hostname(request.hostname)};
  use.source = request.source;
  use.source.credential = key->credential.id;
  use.group_id = admission.group_id;
  use.may_be_retry = existing && existing->auth_key == key->credential.id && !existing->last_seen;
  TRY(credentials::redeem(tx, *key, use, now));

  Registered registered;
  if (existing) {
    TRY(registered.device, renew_device(tx, *existing, admission, request, context, now));
  } else {
    TRY(registered.device, make_device(tx, id, admission, request, context, now));
  }
  registered.owner = admission.owner;
  return registered;
}

}  // namespace

Result<Registered> register_device(core::Tx& tx, const RegisterRequest& request, const JoinContext& context,
                                   TimePoint now) {
  TRY(check_keys(request));
  auto known = tx.devices().find_by_node_key(request.node_key);
  if (known && known->machine_key != request.machine_key) {
    return forbidden("this node key belongs to another machine");
  }
  if (request.expiry && *request.expiry <= now) {
    if (known) log_out_device(tx, *std::move(known), request.source, now);
    return node_key_expired();
  }
  if (known && is_key_expired(*known, now)) return node_key_expired();
  if (!request.auth_key.expose().empty()) return join_with_key(tx, request, context, known, now);
  if (known) return go_on(tx, *std::move(known), request.expiry, request.source, now);
  Registered registered;
  TRY(const auto login, begin_login(tx, request, now));
  registered.pending_login = login.id;
  return registered;
}

std::optional<audit::Record> record_of_refusal(core::Tx& tx, const RegisterRequest& request,
                                               const JoinContext& context, const Error& refusal,
                                               TimePoint now) {
  const bool passing = refusal.code == ErrorCode::unavailable || refusal.code == ErrorCode::internal;
  if (passing || request.auth_key.expose().empty()) return std::nullopt;
  const auto key = credentials::recognise(tx, request.auth_key, context.mint);
  if (!key) return std::nullopt;
  audit::Record record;
  record.tailnet = key->credential.tailnet;
  record.at = now;
  record.group_id = crypto::random_hex(16);
  record.source = request.source;
  record.source.credential = key->credential.id;
  record.actor = {{}, audit::ActorType::node, {}, tailnet::storable_hostname(request.hostname)};
  record.target = {key->credential.id.str(), "join", audit::TargetType::failed_request, {}};
  record.action = audit::Action::update;
  record.details = "machine " + std::string(clip(redact_keys(request.machine_key), kMaxRefusal));
  record.error = clip(redact_keys(refusal.message), kMaxRefusal);
  return record;
}

void record_refused_join(core::Tx& tx, const audit::Record& record) {
  tx.audit().append(record);
  const auto key = tx.credentials().find(record.tailnet, record.source.credential);
  if (!key || !credentials::is_invalid(*key, record.at)) return;
  credentials::UseTally tally{key->tailnet, key->id, {}};
  tally.added.refused = 1;
  tally.added.last_refused = record.at;
  credentials::write_usage(tx, {&tally, 1});
}

}  // namespace latchkey::join
