#include "core/provisioning/held.h"

#include "core/provisioning/provisioning_store.h"
#include "core/tailnet/settings_act.h"
#include "core/tailnet/settings_store.h"

namespace latchkey::provisioning {
namespace {

constexpr std::string_view kProperty = "SCIM_REMOVALS";

Error held_error() {
  return {ErrorCode::rate_limited,
          "This would take away more people than the guard of this tailnet lets pass. An administrator must "
          "release it: latchkey scim release.",
          {},
          {}};
}

Error refused_error() {
  return forbidden("An administrator refused that the sync takes people away. They can release it again.");
}

// `user`: the one in question, if there is one.
Removals count_removals(core::Tx& tx, const TailnetId& tailnet, const UserId& user, const GuardLimits& limits,
                        TimePoint now) {
  return {tx.provisioning().removals_since(tailnet, now - limits.within, user),
          tx.provisioning().count_active_users(tailnet)};
}

// TAILNET.UPDATE.SCIM_REMOVALS, from one state to the other.
void save(core::Tx& tx, const identity::Caller& caller, Provisioning state, Guard guard,
          const Removals& removals, TimePoint now) {
  tailnet::SettingsAct act(tx, caller, audit::ChangeKind::provisioning_updated, now);
  act.updated(kProperty, boost::json::string(to_string(state.guard.state)),
              boost::json::string(to_string(guard.state)));
  std::vector<audit::Record> records(act.records().begin(), act.records().end());
  for (auto& record : records) {
    record.details = "people taken away within the window: " + std::to_string(removals.recent) +
                     ", active now: " + std::to_string(removals.people);
  }
  state.guard = std::move(guard);
  tx.provisioning().save(caller.tailnet, state, records, act.change());
}

}  // namespace

Result<std::optional<Error>> hold_back(const Sync& sync, const identity::User& user) {
  auto& store = sync.tx.provisioning();
  const auto& tailnet = sync.caller.tailnet;
  const auto state = store.state(tailnet);
  const auto removals = count_removals(sync.tx, tailnet, user.id, sync.rules.guard, sync.now);
  switch (judge(state.guard, sync.rules.guard, removals, sync.now)) {
    case Verdict::pass:
      // What a person let pass is not held against what comes after.
      if (state_at(state.guard, sync.now) == GuardState::released) return std::optional<Error>();
      store.note_removal(tailnet, user.id, sync.now);
      store.forget_removals(tailnet, sync.now - sync.rules.guard.within);
      return std::optional<Error>();
    case Verdict::hold_from_now:
      save(sync.tx, sync.caller, state, {.state = GuardState::holding, .since = sync.now, .held = 1},
           removals, sync.now);
      return std::optional<Error>(held_error());
    case Verdict::hold:
      store.count_held(tailnet);
      return std::optional<Error>(held_error());
    case Verdict::refuse:
      store.count_held(tailnet);
      return std::optional<Error>(refused_error());
  }
  return std::optional<Error>(held_error());
}

GuardView read_guard(core::Tx& tx, const MayRead& may, const GuardLimits& limits, TimePoint now) {
  GuardView view;
  view.guard = tx.provisioning().state(may.tailnet()).guard;
  view.guard.state = state_at(view.guard, now);
  view.removals = count_removals(tx, may.tailnet(), {}, limits, now);
  view.allowed = allowance(limits, view.removals);
  return view;
}

Result<Guard> release(core::Tx& tx, const MayManage& may, std::optional<std::int64_t> for_seconds,
                      TimePoint now) {
  const seconds length{for_seconds.value_or(kUsualRelease.count())};
  if (length < kShortestRelease || length > kLongestRelease) {
    return malformed("seconds must be between " + std::to_string(kShortestRelease.count()) + " and " +
                         std::to_string(kLongestRelease.count()),
                     "seconds");
  }
  tx.settings().hold(may.tailnet());
  const auto state = tx.provisioning().state(may.tailnet());
  if (!state.enabled) return conflict("provisioning is not enabled");
  tx.provisioning().forget_removals(may.tailnet(), now);
  const Guard guard{.state = GuardState::released,
                    .since = now,
                    .released_until = now + length,
                    .decided_by = may.caller().login_name,
                    .held = state.guard.held};
  save(tx, may.caller(), state, guard, {}, now);
  return guard;
}

Result<Guard> refuse_removals(core::Tx& tx, const MayManage& may, TimePoint now) {
  tx.settings().hold(may.tailnet());
  const auto state = tx.provisioning().state(may.tailnet());
  if (!state.enabled) return conflict("provisioning is not enabled");
  if (state_at(state.guard, now) == GuardState::watching) {
    return conflict("nothing is held: to end the sync's say, revoke its key or disable provisioning");
  }
  const Guard guard{.state = GuardState::refused,
                    .since = now,
                    .decided_by = may.caller().login_name,
                    .held = state.guard.held};
  save(tx, may.caller(), state, guard, {}, now);
  return guard;
}

}  // namespace latchkey::provisioning
