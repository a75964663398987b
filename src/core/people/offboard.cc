#include "core/people/offboard.h"

#include <boost/json/array.hpp>
#include <optional>

#include "base/text.h"
#include "core/audit/one_act.h"
#include "core/credentials/manage.h"
#include "core/credentials/trust_credential.h"
#include "core/identity/user_store.h"
#include "core/people/audit_view.h"
#include "core/people/incident.h"
#include "core/people/standing.h"
#include "core/tailnet/manage_devices.h"

namespace latchkey::people {
namespace {

using identity::Caller;
using identity::User;

boost::json::array list_json(const std::vector<std::string>& list) {
  return boost::json::array(list.begin(), list.end());
}

// By login name or id.
Result<User> person(core::Tx& tx, const TailnetId& tailnet, const std::string& text, std::string_view field) {
  auto found = is_id_text('u', text) ? tx.users().find(tailnet, UserId(text))
                                     : tx.users().find_by_login(tailnet, text);
  if (found) return *std::move(found);
  return malformed("nobody here is called " + storable(clip(redact_keys(text), 80)), std::string(field));
}

boost::json::object choices_json(const OffboardChoices& choices) {
  boost::json::object json;
  json["end"] = choices.leaving == Leaving::deleted ? "delete" : "suspend";
  if (!choices.hand_over_to.empty()) json["handOverTo"] = choices.hand_over_to;
  if (!choices.tags.empty()) json["tags"] = list_json(choices.tags);
  if (!choices.revoke.empty()) json["revoke"] = list_json(choices.revoke);
  if (!choices.rotate.empty()) json["rotate"] = list_json(choices.rotate);
  if (!choices.new_owner.empty()) json["newOwner"] = choices.new_owner;
  return json;
}

// What the log keeps of the whole: the parts have records of their own.
boost::json::object summary_of(const OffboardPreview& preview, const Offboarding& want,
                               const OffboardPlan& plan) {
  boost::json::object json;
  json["loginName"] = preview.user.login_name;
  json["fingerprint"] = want.fingerprint;
  json["choices"] = choices_json(want.choices);
  boost::json::array going_on;
  for (const auto& holding : plan.going_on) {
    if (going_on.size() == kMostRecordedHoldings) break;
    going_on.push_back(boost::json::object{
        {"kind", to_string(holding.kind)}, {"id", holding.id}, {"name", storable(holding.name)}});
  }
  json["goingOn"] = std::move(going_on);
  json["goingOnCount"] = plan.going_on.size();
  return json;
}

// The same request was carried out before, and this is its record.
bool tells_of(const audit::Record& record, const Offboarding& want) {
  if (!record.new_value || !record.new_value->is_object()) return false;
  const auto& said = record.new_value->get_object();
  const auto* fingerprint = said.if_contains("fingerprint");
  const auto* choices = said.if_contains("choices");
  return fingerprint != nullptr && *fingerprint == boost::json::value(want.fingerprint) &&
         choices != nullptr && *choices == boost::json::value(choices_json(want.choices));
}

class Work {
 public:
  Work(core::Tx& tx, Caller caller, const OffboardContext& context, TimePoint now)
      : tx_(tx), caller_(std::move(caller)), context_(context), now_(now) {}

  // From here on the new owner acts.
  void hand_on_the_tailnet(const User& leaver, const std::string& to) {
    const auto heir = person(tx_, leaver.tailnet, to, "newOwner");
    if (!heir) return note(heir.error());
    if (heir->id == leaver.id) return note(malformed("the new owner must be somebody else", "newOwner"));
    if (caller_.user == leaver.id && caller_.kind != Caller::Kind::local_administrator) {
      return note(conflict(
          "an owner does not offboard himself: he transfers the tailnet, and the new owner offboards "
          "him; or the local administrator does both on the server's machine"));
    }
    if (!attempt<Operation::transfer_ownership>(
            [&](const auto& may) { return transfer_ownership(tx_, may, heir->id, now_); })) {
      return;
    }
    caller_.user = heir->id;
    caller_.login_name = heir->login_name;
    caller_.display_name = heir->display_name;
    caller_.role = identity::Role::owner;
  }

  void move(const std::vector<Holding>& devices, const User& leaver, const OffboardChoices& choices) {
    if (devices.empty()) return;
    std::optional<User> heir;
    if (!choices.hand_over_to.empty()) {
      const auto found = person(tx_, leaver.tailnet, choices.hand_over_to, "handOverTo");
      if (!found) return note(found.error());
      if (found->id == leaver.id) return note(malformed("hand over to somebody else", "handOverTo"));
      heir = *found;
    }
    for (const auto& device : devices) {
      attempt<Operation::manage_device>(
          [&](const auto& may) {
            return heir ? tailnet::hand_over(tx_, may, device.id, heir->id, now_)
                        : tailnet::set_tags(tx_, may, device.id, choices.tags, now_);
          },
          device.name);
    }
  }

  void revoke(const Holding& made) {
    if (made.kind == HoldingKind::webhook) {
      attempt<Operation::delete_webhook>(
          [&](const auto& may) {
            return webhooks::delete_endpoint(tx_, may, EndpointId(made.id), context_.webhooks, now_);
          },
          made.id);
      return;
    }
    const auto sight = identity::authorize<Operation::read_key>(caller_);
    if (!sight) return note(sight.error(), made.id);
    attempt<Operation::revoke_key>(
        [&](const auto& may) {
          return credentials::revoke_key(tx_, may, *sight, CredentialId(made.id), now_);
        },
        made.id);
  }

  void rotate(const Holding& made) {
    if (made.kind == HoldingKind::webhook) {
      attempt<Operation::rotate_webhook>(
          [&](const auto& may) -> Result<void> {
            TRY(auto rotated,
                webhooks::rotate_secret(tx_, may, EndpointId(made.id), seconds{0}, context_.webhooks, now_));
            secrets_.push_back({made.kind, made.id, std::move(rotated.secret)});
            return {};
          },
          made.id);
      return;
    }
    attempt<Operation::update_trust_credential>(
        [&](const auto& may) -> Result<void> {
          TRY(auto rotated,
              credentials::rotate_secret(tx_, may, CredentialId(made.id), seconds{0}, context_.issuer, now_));
          secrets_.push_back({made.kind, made.id, std::move(rotated.text)});
          return {};
        },
        made.id);
  }

  void end(const UserId& leaver, Leaving leaving) {
    if (leaving == Leaving::deleted) {
      attempt<Operation::delete_user>([&](const auto& may) { return remove(tx_, may, leaver, now_); });
    } else {
      attempt<Operation::suspend_user>([&](const auto& may) { return suspend(tx_, may, leaver, now_); });
    }
  }

  const Caller& caller() const { return caller_; }
  Result<void> outcome() {
    if (errors_.empty()) return {};
    return all_of(std::move(errors_));
  }
  std::vector<RotatedSecret> take_secrets() { return std::move(secrets_); }

 private:
  void note(Error error, const std::string& about = {}) {
    if (!about.empty()) error.message = storable(about) + ": " + error.message;
    errors_.push_back(std::move(error));
  }

  // Does it if the caller may; what stands in the way is noted, and the rest tried, to tell of all of it.
  template <Operation operation, class Act>
  bool attempt(const Act& act, const std::string& about = {}) {
    const auto may = identity::authorize<operation>(caller_);
    if (!may) {
      note(may.error(), about);
      return false;
    }
    const auto done = act(*may);
    if (!done) note(done.error(), about);
    return done.ok();
  }

  core::Tx& tx_;
  Caller caller_;
  const OffboardContext& context_;
  TimePoint now_;
  std::vector<Error> errors_;
  std::vector<RotatedSecret> secrets_;
};

// Whether anything remains to be done.
bool changes_something(const OffboardPreview& preview, const OffboardPlan& plan, Leaving leaving) {
  return leaving == Leaving::deleted || preview.user.status != identity::UserStatus::suspended ||
         preview.user.role == identity::Role::owner || !plan.devices.empty() || !plan.revoke.empty() ||
         !plan.rotate.empty();
}

}  // namespace

Result<Offboarded> offboard(core::Tx& tx, const MayOffboard& may, const UserId& id, const Offboarding& want,
                            const OffboardContext& context, TimePoint now) {
  TRY(check_reason(want.choices.reason));
  const auto preview = detail::preview_of(tx, may.tailnet(), id, now);
  if (!preview || preview->fingerprint != want.fingerprint) {
    const auto before = tx.audit().newest_about(may.tailnet(), id.str(), kOffboardingProperty);
    if (before && tells_of(before->record, want)) return Offboarded{before->record.group_id, {}, true};
    if (!preview) return preview.error();
    return conflict(
        "what rests on this person has changed since it was shown. Nothing was changed; look at the preview "
        "again");
  }
  TRY(const auto plan, plan_offboarding(*preview, want.choices));
  const auto& leaver = preview->user;
  if (!changes_something(*preview, plan, want.choices.leaving)) {
    const auto before = tx.audit().newest_about(may.tailnet(), id.str(), kOffboardingProperty);
    return Offboarded{before ? before->record.group_id : std::string(), {}, true};
  }

  const audit::OneAct act(tx);
  Work work(tx, may.caller(), context, now);
  if (!want.choices.new_owner.empty()) work.hand_on_the_tailnet(leaver, want.choices.new_owner);
  work.move(plan.devices, leaver, want.choices);
  for (const auto& made : plan.revoke) work.revoke(made);
  for (const auto& made : plan.rotate) work.rotate(made);
  work.end(leaver.id, want.choices.leaving);
  TRY(work.outcome());

  auto summary = identity::record_by(
      work.caller(), audit::Action::update,
      {leaver.id.str(), leaver.login_name, audit::TargetType::user, std::string(kOffboardingProperty)}, now);
  summary.new_value = summary_of(*preview, want, plan);
  summary.details = redact_keys(want.choices.reason);
  tx.audit().append(summary);
  return Offboarded{act.group_id(), work.take_secrets(), false};
}

}  // namespace latchkey::people
