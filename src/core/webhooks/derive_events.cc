#include "core/webhooks/derive_events.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <utility>

#include "base/text.h"
#include "core/webhooks/event_sources.h"

namespace latchkey::webhooks {
namespace {

using audit::Action;
using audit::ChangeKind;
using audit::TargetType;

// One entry, and the events that come of it.
class Derivation {
 public:
  Derivation(core::Tx& tx, const audit::FeedEntry& entry, const std::string& console_url)
      : change_(entry.change), sources_(tx, entry.change, console_url) {}

  void of_record(const audit::Record& record) {
    switch (record.target.type) {
      case TargetType::node:
        return of_node(record);
      case TargetType::user:
        return of_user(record);
      case TargetType::api_key:
        return of_key(record);
      case TargetType::webhook_endpoint:
        return of_endpoint(record);
      case TargetType::tailnet:
        if (record.target.property == "ACL") add(EventType::policy_update, sources_.policy(record));
        if (record.target.property == "SCIM_REMOVALS")
          add(EventType::provisioning_held, sources_.held_sync(record));
        return;
      case TargetType::group:
      case TargetType::invite:
      case TargetType::admin_console:
      case TargetType::oauth_access_token:
      case TargetType::failed_request:
        return;
    }
  }

  // What nobody did, and is in no record.
  void of_notice() {
    switch (change_.kind) {
      case ChangeKind::device_key_expiring_in_one_week:
        return add(EventType::node_key_expiring_in_one_week, sources_.expiring_node("week"));
      case ChangeKind::device_key_expiring_in_one_day:
        return add(EventType::node_key_expiring_in_one_day, sources_.expiring_node("day"));
      case ChangeKind::device_forwarding_off:
        return of_forwarding();
      case ChangeKind::credential_expiring_in_one_week:
        return add(EventType::credential_expiring_in_one_week,
                   sources_.credential("expiring in less than one week"));
      case ChangeKind::credential_expiring_in_one_day:
        return add(EventType::credential_expiring_in_one_day,
                   sources_.credential("expiring in less than one day"));
      case ChangeKind::credential_first_used:
        return add(EventType::credential_first_used, sources_.used("used for the first time"));
      case ChangeKind::credential_used_after_silence:
        return add(EventType::credential_used_after_silence,
                   sources_.used("used after at least 30 days without use"));
      case ChangeKind::credential_refused_repeatedly:
        return add(EventType::credential_refused_repeatedly,
                   sources_.refused("refused repeatedly although its secret is right: it has ended"));
      case ChangeKind::credential_leaked:
        return add(EventType::credential_leaked, sources_.credential("found where it should not be"));
      case ChangeKind::webhook_test_requested:
        return add_only(EventType::test, {std::string(kTestMessage), nullptr});
      case ChangeKind::webhook_failing:
        return add(EventType::webhook_failing, sources_.failing_endpoint(), &Event::except);
      default:  // says nothing to anybody outside
        return;
    }
  }

  std::vector<Event> take() { return std::move(events_); }

 private:
  using Told = EventSources::Told;

  void add(EventType type, std::optional<Told> told, EndpointId Event::* limited = nullptr) {
    if (!told) return;
    Event event;
    event.type = type;
    event.tailnet = change_.tailnet;
    event.at = change_.at;
    event.message = std::move(told->message);
    event.data = std::move(told->data);
    if (limited != nullptr) event.*limited = EndpointId(change_.subject);
    events_.push_back(std::move(event));
  }
  void add_only(EventType type, Told told) { add(type, std::move(told), &Event::only); }

  void needs_approval(const audit::Record& record) {
    add(EventType::node_needs_approval, sources_.node(record, "needs approval"));
    add(EventType::node_needs_authorization, sources_.node(record, "needs authorization"));
  }

  void of_node(const audit::Record& record) {
    const auto& property = record.target.property;
    if (record.action == Action::expired && property == "KEY_EXPIRY_TIME") {
      return add(EventType::node_key_expired, sources_.expired_node(record));
    }
    if (!property.empty()) return;
    switch (record.action) {
      case Action::create:
        add(EventType::node_created, sources_.node(record, "created"));
        if (!flag_in(record.new_value, "authorized", true)) needs_approval(record);
        return;
      case Action::approve:
        // With its join: it never waited.
        if (change_.kind == ChangeKind::device_joined) return;
        add(EventType::node_approved, sources_.node(record, "approved"));
        add(EventType::node_authorized, sources_.node(record, "authorized"));
        return;
      case Action::revoke:
        return needs_approval(record);
      case Action::delete_:
        return add(EventType::node_deleted, sources_.node(record, "deleted"));
      default:
        return;
    }
  }

  void of_user(const audit::Record& record) {
    const auto told = [&](std::string_view what) { return sources_.user(record, what); };
    if (record.action == Action::update && record.target.property == "USER_ROLE") {
      return add(EventType::user_role_updated, sources_.role_change(record));
    }
    if (!record.target.property.empty()) return;
    switch (record.action) {
      case Action::create:
        add(EventType::user_created, told("created"));
        if (sources_.waits_for_approval(record)) add(EventType::user_needs_approval, told("needs approval"));
        return;
      case Action::approve:
        return add(EventType::user_approved, told("approved"));
      case Action::suspend:
        return add(EventType::user_suspended, told("suspended"));
      case Action::restore:
        return add(EventType::user_restored, told("restored"));
      case Action::delete_:
        return add(EventType::user_deleted, told("deleted"));
      default:
        return;
    }
  }

  void of_key(const audit::Record& record) {
    switch (record.action) {
      case Action::create:
        return add(EventType::credential_created, sources_.key(record, "created"));
      case Action::update:
        return add(EventType::credential_updated, sources_.updated_key(record));
      case Action::expired:
        return add(EventType::credential_expired, sources_.credential("expired"));
      case Action::revoke:
        if (change_.kind == ChangeKind::credential_used_up) {
          return add(EventType::credential_used_up, sources_.used_up_key(record));
        }
        return add(EventType::credential_revoked, sources_.revoked_key(record));
      default:
        return;
    }
  }

  // To the endpoint itself what changed; to the others what became of its secret.
  void of_endpoint(const audit::Record& record) {
    switch (record.action) {
      case Action::create:
        return add(EventType::credential_created, sources_.webhook_secret(record, "created", {}),
                   &Event::except);
      case Action::delete_:
        return add(EventType::credential_revoked,
                   sources_.webhook_secret(record, "revoked", {{"reason", "endpointDeleted"}}),
                   &Event::except);
      case Action::update:
        add_only(EventType::webhook_updated, sources_.updated_endpoint(record));
        if (record.target.property != "SECRET") return;
        return add(EventType::credential_updated,
                   sources_.webhook_secret(record, "updated: secret rotated", {{"change", "secret"}}),
                   &Event::except);
      default:
        return;
    }
  }

  void of_forwarding() {
    const auto device = sources_.device();
    if (!device || !device->report.forwarding_off) return;
    const auto is_exit = [](const std::string& route) { return route == "0.0.0.0/0" || route == "::/0"; };
    const auto& routes = device->advertised_routes;
    if (!std::ranges::all_of(routes, is_exit)) {
      add(EventType::subnet_ip_forwarding_not_enabled,
          sources_.present_node("is a subnet router, but IP forwarding is not enabled on it"));
    }
    if (std::ranges::any_of(routes, is_exit)) {
      add(EventType::exit_node_ip_forwarding_not_enabled,
          sources_.present_node("is an exit node, but IP forwarding is not enabled on it"));
    }
  }

  const audit::Change& change_;
  EventSources sources_;
  std::vector<Event> events_;
};

}  // namespace

std::vector<Event> derive_events(core::Tx& tx, const audit::FeedEntry& entry,
                                 const std::string& console_url) {
  Derivation derivation(tx, entry, console_url);
  for (const auto& record : entry.records) derivation.of_record(record);
  derivation.of_notice();
  return derivation.take();
}

}  // namespace latchkey::webhooks
