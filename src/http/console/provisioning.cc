// /api/console/provisioning: switching provisioning on and off, its key, and the guard.
#include "core/provisioning/held.h"
#include "core/provisioning/switch.h"
#include "http/api/key_json.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"
#include "http/scim/answers.h"

namespace latchkey::http {
namespace {

using identity::Operation;
using provisioning::GuardView;
using provisioning::Status;

boost::json::object guard_json(const provisioning::Guard& guard) {
  boost::json::object json;
  json["state"] = to_string(guard.state);
  if (guard.since) json["since"] = to_rfc3339(whole_second(*guard.since));
  if (guard.released_until) json["releasedUntil"] = to_rfc3339(whole_second(*guard.released_until));
  if (!guard.decided_by.empty()) json["decidedBy"] = guard.decided_by;
  json["heldRequests"] = guard.held;
  return json;
}

boost::json::object status_json(const Status& status, const GuardView& view, const Context& context) {
  const auto& state = status.provisioning;
  boost::json::object json;
  json["enabled"] = state.enabled;
  json["baseUrl"] = scim_base_url(context);
  if (state.enabled_at) json["enabledAt"] = to_rfc3339(whole_second(*state.enabled_at));
  if (!state.enabled_by.empty()) json["enabledBy"] = state.enabled_by;
  if (status.key) json["key"] = key_json(*status.key, KeyFields::all, context.clock.now());
  json["quiet"] = status.quiet;
  auto guard = guard_json(view.guard);
  guard["removedLately"] = view.removals.recent;
  guard["activePeople"] = view.removals.people;
  guard["allowed"] = view.allowed;
  guard["withinSeconds"] = context.sync_rules.guard.within.count();
  json["guard"] = std::move(guard);
  return json;
}

// The key is in this answer and in no other.
Answer issue_key(Context& context, Call& call, decltype(provisioning::enable)& issue) {
  CO_TRY(auto may, identity::authorize<Operation::manage_provisioning>(call.caller));
  const auto now = context.clock.now();
  auto work = [may, &issue, &issuer = context.issuer, now](core::Tx& tx) {
    return issue(tx, may, issuer, now);
  };
  CO_TRY(const auto issued, co_await context.db.write(std::move(work)));
  auto json = key_json(issued.credential, KeyFields::all, now);
  json["key"] = issued.text.expose();
  co_return secret_response(json);
}

}  // namespace

Answer get_provisioning(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_provisioning>(call.caller));
  auto work = [may, limits = context.sync_rules.guard,
               now = context.clock.now()](core::Tx& tx) -> Result<std::pair<Status, GuardView>> {
    return std::pair{provisioning::read_status(tx, may, now), provisioning::read_guard(tx, may, limits, now)};
  };
  CO_TRY(const auto both, co_await context.db.read(std::move(work)));
  co_return json_response(status_json(both.first, both.second, context));
}

Answer enable_provisioning(Context& context, Call& call) {
  return issue_key(context, call, provisioning::enable);
}

Answer disable_provisioning(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::manage_provisioning>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto and_key, body.flag("revokeKey"));
  if (!and_key) {
    co_return malformed(
        "say with revokeKey whether the key is revoked too: true unless it shall work again later",
        "revokeKey");
  }
  auto work = [may, and_key, now = context.clock.now()](core::Tx& tx) {
    return provisioning::disable(tx, may, *and_key, now);
  };
  CO_TRY(co_await context.db.write(std::move(work)));
  co_return empty_response();
}

Answer generate_scim_key(Context& context, Call& call) {
  return issue_key(context, call, provisioning::generate_key);
}

Answer revoke_scim_key(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::manage_provisioning>(call.caller));
  auto work = [may, now = context.clock.now()](core::Tx& tx) {
    return provisioning::revoke_key(tx, may, now);
  };
  CO_TRY(const auto ended, co_await context.db.write(std::move(work)));
  if (!ended) co_return empty_response();
  co_return json_response(key_json(*ended, KeyFields::all, context.clock.now()));
}

Answer release_provisioning_guard(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::manage_provisioning>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto length, body.integer("seconds"));
  auto work = [may, length, now = context.clock.now()](core::Tx& tx) {
    return provisioning::release(tx, may, length, now);
  };
  CO_TRY(const auto guard, co_await context.db.write(std::move(work)));
  co_return json_response(guard_json(guard));
}

Answer refuse_provisioning_guard(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::manage_provisioning>(call.caller));
  auto work = [may, now = context.clock.now()](core::Tx& tx) {
    return provisioning::refuse_removals(tx, may, now);
  };
  CO_TRY(const auto guard, co_await context.db.write(std::move(work)));
  co_return json_response(guard_json(guard));
}

}  // namespace latchkey::http
