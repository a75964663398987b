// The one list of all words that the audit log and the change feed use. Texts are on the wire and in the
// database: add rows, never change one.
#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/audit/change.h"
#include "core/audit/record.h"

namespace latchkey::audit {
namespace {

template <class Enum, std::size_t Size>
using Words = std::array<std::pair<Enum, std::string_view>, Size>;

constexpr Words<ChangeKind, 43> kChangeKinds{{
    {ChangeKind::tailnet_created, "tailnet.created"},
    {ChangeKind::user_created, "user.created"},
    {ChangeKind::user_updated, "user.updated"},
    {ChangeKind::user_deleted, "user.deleted"},
    {ChangeKind::user_invite_updated, "user.invite_updated"},
    {ChangeKind::group_updated, "group.updated"},
    {ChangeKind::provisioning_updated, "provisioning.updated"},
    {ChangeKind::credential_created, "credential.created"},
    {ChangeKind::credential_updated, "credential.updated"},
    {ChangeKind::access_token_minted, "access_token.minted"},
    {ChangeKind::credential_used_up, "credential.used_up"},
    {ChangeKind::credential_expired, "credential.expired"},
    {ChangeKind::credential_revoked, "credential.revoked"},
    {ChangeKind::device_joined, "device.joined"},
    {ChangeKind::device_updated, "device.updated"},
    {ChangeKind::device_reported, "device.reported"},
    {ChangeKind::device_connected, "device.connected"},
    {ChangeKind::device_removed, "device.removed"},
    {ChangeKind::login_completed, "device.login_completed"},
    {ChangeKind::policy_updated, "policy.updated"},
    {ChangeKind::settings_updated, "settings.updated"},
    {ChangeKind::dns_updated, "dns.updated"},
    {ChangeKind::posture_updated, "posture.updated"},
    {ChangeKind::logstream_updated, "logstream.updated"},
    {ChangeKind::service_updated, "service.updated"},
    {ChangeKind::webhook_created, "webhook.created"},
    {ChangeKind::webhook_updated, "webhook.updated"},
    {ChangeKind::webhook_deleted, "webhook.deleted"},
    {ChangeKind::sign_on_provider_updated, "sign_on_provider.updated"},
    {ChangeKind::identity_linked, "identity.linked"},
    {ChangeKind::session_started, "session.started"},
    {ChangeKind::session_ended, "session.ended"},
    {ChangeKind::webhook_test_requested, "webhook.test_requested"},
    {ChangeKind::webhook_failing, "webhook.failing"},
    {ChangeKind::credential_expiring_in_one_week, "credential.expiring_in_one_week"},
    {ChangeKind::credential_expiring_in_one_day, "credential.expiring_in_one_day"},
    {ChangeKind::credential_first_used, "credential.first_used"},
    {ChangeKind::credential_used_after_silence, "credential.used_after_silence"},
    {ChangeKind::credential_refused_repeatedly, "credential.refused_repeatedly"},
    {ChangeKind::credential_leaked, "credential.leaked"},
    {ChangeKind::device_key_expiring_in_one_week, "device.key_expiring_in_one_week"},
    {ChangeKind::device_key_expiring_in_one_day, "device.key_expiring_in_one_day"},
    {ChangeKind::device_forwarding_off, "device.forwarding_off"},
}};

constexpr Words<Origin, 5> kOrigins{{
    {Origin::admin_console, "ADMIN_CONSOLE"},
    {Origin::config_api, "CONFIG_API"},
    {Origin::control, "CONTROL"},
    {Origin::identity_provider, "IDENTITY_PROVIDER"},
    {Origin::node, "NODE"},
}};

constexpr Words<ActorType, 5> kActorTypes{{
    {ActorType::user, "USER"},
    {ActorType::node, "NODE"},
    {ActorType::automated_worker, "AUTOMATED_WORKER"},
    {ActorType::oauth_client, "OAUTH_CLIENT"},
    {ActorType::scim, "SCIM"},
}};

constexpr Words<TargetType, 10> kTargetTypes{{
    {TargetType::tailnet, "TAILNET"},
    {TargetType::user, "USER"},
    {TargetType::group, "GROUP"},
    {TargetType::invite, "INVITE"},
    {TargetType::admin_console, "ADMIN_CONSOLE"},
    {TargetType::api_key, "API_KEY"},
    {TargetType::oauth_access_token, "OAUTH_ACCESS_TOKEN"},
    {TargetType::node, "NODE"},
    {TargetType::webhook_endpoint, "WEBHOOK_ENDPOINT"},
    {TargetType::failed_request, "FAILED_REQUEST"},
}};

constexpr Words<Action, 16> kActions{{
    {Action::create, "CREATE"},
    {Action::update, "UPDATE"},
    {Action::revoke, "REVOKE"},
    {Action::expired, "EXPIRED"},
    {Action::delete_, "DELETE"},
    {Action::suspend, "SUSPEND"},
    {Action::restore, "RESTORE"},
    {Action::enable, "ENABLE"},
    {Action::disable, "DISABLE"},
    {Action::approve, "APPROVE"},
    {Action::login, "LOGIN"},
    {Action::logout, "LOGOUT"},
    {Action::resend, "RESEND"},
    {Action::accept, "ACCEPT"},
    {Action::push_user, "PUSH_USER"},
    {Action::push_group, "PUSH_GROUP"},
}};

template <class Enum, std::size_t Size>
std::string_view word_of(const Words<Enum, Size>& words, Enum value) {
  const auto found = std::ranges::find(words, value, &std::pair<Enum, std::string_view>::first);
  if (found == words.end()) throw std::logic_error("a value without a word in the event catalogue");
  return found->second;
}

template <class Enum, std::size_t Size>
Enum value_of(const Words<Enum, Size>& words, std::string_view text) {
  const auto found = std::ranges::find(words, text, &std::pair<Enum, std::string_view>::second);
  if (found == words.end())
    throw std::invalid_argument("unknown word in the event catalogue: " + std::string(text));
  return found->first;
}

}  // namespace

std::string_view to_string(ChangeKind kind) {
  return word_of(kChangeKinds, kind);
}
std::string_view to_string(Origin value) {
  return word_of(kOrigins, value);
}
std::string_view to_string(ActorType value) {
  return word_of(kActorTypes, value);
}
std::string_view to_string(TargetType value) {
  return word_of(kTargetTypes, value);
}
std::string_view to_string(Action value) {
  return word_of(kActions, value);
}

ChangeKind change_kind_from(std::string_view text) {
  return value_of(kChangeKinds, text);
}
Origin origin_from(std::string_view text) {
  return value_of(kOrigins, text);
}
ActorType actor_type_from(std::string_view text) {
  return value_of(kActorTypes, text);
}
TargetType target_type_from(std::string_view text) {
  return value_of(kTargetTypes, text);
}
Action action_from(std::string_view text) {
  return value_of(kActions, text);
}

std::string event_name(const Record& record) {
  std::string name(to_string(record.target.type));
  name += '.';
  name += to_string(record.action);
  if (!record.target.property.empty()) {
    name += '.';
    name += record.target.property;
  }
  return name;
}

}  // namespace latchkey::audit
