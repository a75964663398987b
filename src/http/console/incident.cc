// POST /api/console/credentials/revoke: ends every key that a query means; with dryRun, says which.
#include <boost/json/array.hpp>

#include "core/people/incident.h"
#include "http/api/key_json.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;

struct Wanted {
  bool dry_run = true;
  people::MassRevocation revocation;
};

Result<Wanted> parse_wanted(const JsonBody& body, TimePoint now) {
  Wanted want;
  TRY(const auto query, body.text("query"));
  if (!query) return malformed("query is required, such as owner:mira@example.com", "query");
  TRY(want.revocation.query, credentials::parse_key_query(*query, now));
  TRY(const auto dry_run, body.flag("dryRun"));
  want.dry_run = dry_run.value_or(true);
  TRY(const auto fingerprint, body.text("fingerprint"));
  if (!want.dry_run && !fingerprint) {
    return malformed("fingerprint is required: it comes from the dry run", "fingerprint");
  }
  want.revocation.fingerprint = fingerprint.value_or("");
  TRY(const auto reason, body.text("reason"));
  want.revocation.reason = reason.value_or("");
  return want;
}

boost::json::object incident_json(const people::Incident& found, const identity::Caller& caller,
                                  TimePoint now) {
  boost::json::array keys;
  keys.reserve(found.keys.size());
  bool own = false;
  for (const auto& key : found.keys) {
    keys.push_back(key_json(key, KeyFields::all, now));
    own = own || key.id == caller.source.credential;
  }
  boost::json::object json;
  json["query"] = found.query;
  json["count"] = found.keys.size();
  json["fingerprint"] = found.fingerprint;
  json["beyondReach"] = found.beyond_reach;
  json["devices"] = found.devices;
  // Whether the key of this request is one of them: the next request needs another.
  json["includesCaller"] = own;
  if (!found.group.empty()) json["eventGroupID"] = found.group;
  json["keys"] = std::move(keys);
  return json;
}

}  // namespace

Answer revoke_matching_keys(Context& context, Call& call) {
  CO_TRY(auto sight, identity::authorize<Operation::read_key>(call.caller));
  CO_TRY(auto may, identity::authorize<Operation::revoke_key>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  const auto now = context.clock.now();
  CO_TRY(const auto want, parse_wanted(body, now));
  if (want.dry_run) {
    auto look = [may, sight, query = want.revocation.query, now](core::Tx& tx) {
      return people::find_to_revoke(tx, may, sight, query, now);
    };
    CO_TRY(const auto found, co_await context.db.read(std::move(look)));
    co_return json_response(incident_json(found, call.caller, now));
  }
  auto work = [may, sight, want, now](core::Tx& tx) {
    return people::revoke_matching(tx, may, sight, want.revocation, now);
  };
  CO_TRY(const auto ended, co_await context.db.write(std::move(work)));
  co_return json_response(incident_json(ended, call.caller, now));
}

}  // namespace latchkey::http
