#include <algorithm>
#include <stdexcept>

#include "core/webhooks/event.h"

namespace latchkey::webhooks {
namespace {

constexpr std::uint8_t bit(Category category) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(category));
}
constexpr std::uint8_t kNone = 0;
constexpr std::uint8_t kTailnet = bit(Category::tailnet_management);
constexpr std::uint8_t kDevices = bit(Category::device_misconfigurations);
// Upstream's clients know two categories: who took all of tailnet management wanted news of this kind.
constexpr std::uint8_t kKeys = bit(Category::key_activity) | kTailnet;

constexpr bool kAlwaysOn = true;
constexpr bool kDeprecated = true;
using Type = EventType;

constexpr EventTypeRow kTypes[] = {
    {Type::node_created, "nodeCreated", kTailnet, false, false, "a device joined"},
    {Type::node_needs_approval, "nodeNeedsApproval", kTailnet, false, false,
     "a device waits for an administrator's approval"},
    {Type::node_approved, "nodeApproved", kTailnet, false, false,
     "a device was approved; not when it came in approved"},
    {Type::node_needs_authorization, "nodeNeedsAuthorization", kNone, false, kDeprecated,
     "old name of nodeNeedsApproval"},
    {Type::node_authorized, "nodeAuthorized", kNone, false, kDeprecated, "old name of nodeApproved"},
    {Type::node_key_expiring_in_one_day, "nodeKeyExpiringInOneDay", kTailnet, false, false,
     "a device must log in again within a day"},
    {Type::node_key_expired, "nodeKeyExpired", kTailnet, false, false, "a device's key expired"},
    {Type::node_deleted, "nodeDeleted", kTailnet, false, false,
     "a device was removed, or an ephemeral one went away"},
    {Type::node_needs_signature, "nodeNeedsSignature", kTailnet, false, false,
     "taken for clients; never sent, there is no tailnet lock here"},
    {Type::node_signed, "nodeSigned", kTailnet, false, false,
     "taken for clients; never sent, there is no tailnet lock here"},
    {Type::policy_update, "policyUpdate", kTailnet, false, false,
     "the policy file changed; with its whole text before and after"},
    {Type::user_created, "userCreated", kTailnet, false, false, "a person was added"},
    {Type::user_needs_approval, "userNeedsApproval", kTailnet, false, false,
     "a person waits for an administrator's approval"},
    {Type::user_approved, "userApproved", kTailnet, false, false, "a person was approved"},
    {Type::user_role_updated, "userRoleUpdated", kTailnet, false, false, "a person's role changed"},
    {Type::user_suspended, "userSuspended", kTailnet, false, false, "a person was suspended"},
    {Type::user_restored, "userRestored", kTailnet, false, false, "a suspended person was restored"},
    {Type::user_deleted, "userDeleted", kTailnet, false, false, "a person was removed"},
    {Type::subnet_ip_forwarding_not_enabled, "subnetIPForwardingNotEnabled", kDevices, false, false,
     "a subnet router says that its system forwards nothing"},
    {Type::exit_node_ip_forwarding_not_enabled, "exitNodeIPForwardingNotEnabled", kDevices, false, false,
     "an exit node says that its system forwards nothing"},
    {Type::test, "test", kNone, kAlwaysOn, false, "somebody tested the endpoint"},
    {Type::webhook_updated, "webhookUpdated", kNone, kAlwaysOn, false,
     "the endpoint's subscriptions or its secret changed"},
    {Type::webhook_deleted, "webhookDeleted", kNone, kAlwaysOn, false,
     "the endpoint was deleted: the last thing it is told"},
    {Type::node_key_expiring_in_one_week, "nodeKeyExpiringInOneWeek", kTailnet, false, false,
     "a device must log in again within a week"},
    {Type::credential_created, "credentialCreated", kKeys, false, false, "a key was made"},
    {Type::credential_updated, "credentialUpdated", kKeys, false, false,
     "what a key may do or its description changed, or its secret was rotated"},
    {Type::credential_used_up, "credentialUsedUp", kKeys, false, false,
     "an auth key admitted its last device"},
    {Type::credential_expiring_in_one_week, "credentialExpiringInOneWeek", kKeys, false, false,
     "a key expires within a week; not one that was made for a week or less"},
    {Type::credential_expiring_in_one_day, "credentialExpiringInOneDay", kKeys, false, false,
     "a key expires within a day; not one that was made for a day or less"},
    {Type::credential_expired, "credentialExpired", kKeys, false, false, "a key expired"},
    {Type::credential_revoked, "credentialRevoked", kKeys, false, false, "a key was revoked, and why"},
    {Type::credential_first_used, "credentialFirstUsed", kKeys, false, false,
     "a key was used for the first time"},
    {Type::credential_used_after_silence, "credentialUsedAfterSilence", kKeys, false, false,
     "a key was used that nobody had used for 30 days"},
    {Type::credential_refused_repeatedly, "credentialRefusedRepeatedly", kKeys, false, false,
     "a key that has ended was presented ten times within an hour; at most once a day for each"},
    {Type::credential_leaked, "credentialLeaked", kKeys, false, false,
     "a key was found where it should not be"},
    {Type::webhook_failing, "webhookFailing", kTailnet, false, false,
     "another endpoint has taken nothing for a quarter of an hour"},
    {Type::provisioning_held, "provisioningHeld", kTailnet, false, false,
     "the identity provider would take away more people than the guard lets pass: an administrator must "
     "decide"},
};

constexpr CategoryRow kCategories[] = {
    {Category::tailnet_management, "categoryTailnetManagement",
     "devices, people, the policy file, keys; what later releases add to it too"},
    {Category::device_misconfigurations, "categoryDeviceMisconfigurations",
     "devices that do not do what they offer"},
    {Category::key_activity, "categoryKeyActivity", "the life of every key and secret, and of nothing else"},
};

}  // namespace

std::span<const EventTypeRow> event_catalogue() {
  return kTypes;
}

const EventTypeRow& row_of(EventType type) {
  const auto* found = std::ranges::find(kTypes, type, &EventTypeRow::type);
  if (found == std::end(kTypes)) throw std::logic_error("a type of event without a row in the catalogue");
  return *found;
}

std::optional<EventType> event_type_from(std::string_view name) {
  const auto* found = std::ranges::find(kTypes, name, &EventTypeRow::name);
  if (found == std::end(kTypes)) return std::nullopt;
  return found->type;
}

std::span<const CategoryRow> category_catalogue() {
  return kCategories;
}

std::optional<Category> category_from(std::string_view name) {
  const auto* found = std::ranges::find(kCategories, name, &CategoryRow::name);
  if (found == std::end(kCategories)) return std::nullopt;
  return found->category;
}

bool is_in(const EventTypeRow& type, Category category) {
  return (type.categories & bit(category)) != 0;
}

}  // namespace latchkey::webhooks
