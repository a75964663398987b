// POST /secret-scanning/verify: whether a key that somebody found is a live one. Anybody may ask, as scanners
// do: who holds a key may know that it works. Changes nothing.
//
// POST /secret-scanning/report: secrets that a scanner found, in the form in which GitHub sends them to its
// partners (https://docs.github.com/code-security/secret-scanning/secret-scanning-partner-program), but with
// an API token instead of GitHub's signature. Keys end; the answer says what became of each.
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "base/text.h"
#include "core/credentials/access_token.h"
#include "core/credentials/authenticate.h"
#include "core/webhooks/leak.h"
#include "crypto/digest.h"
#include "http/api/oauth.h"
#include "http/failure_guard.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using Found = std::optional<credentials::OwnedCredential>;
using webhooks::Leak;
using webhooks::LeakOutcome;

constexpr std::size_t kMostReports = 100;

bool is_live(const Found& found, const credentials::ParsedKey& parsed, const crypto::Digest& presented,
             TimePoint now) {
  const auto* stored = found ? &*found : nullptr;
  const bool genuine = credentials::is_genuine(presented, stored);
  if (parsed.type == credentials::KeyType::client) {
    return credentials::genuine_client(stored, presented, now).has_value();
  }
  if (!genuine || stored->credential.type != parsed.type) return false;
  if (parsed.type == credentials::KeyType::api) return credentials::caller_of(*stored, now).ok();
  const auto owner =
      stored->owner ? std::optional(stored->owner->status) : std::optional<identity::UserStatus>();
  return credentials::state_of(stored->credential, owner, now) == credentials::State::active;
}

Result<std::vector<Leak>> parse_leaks(const std::string& body) {
  TRY(const auto reports, JsonBody::parse_list(body));
  if (reports.empty() || reports.size() > kMostReports) {
    return malformed("the list must have 1 to " + std::to_string(kMostReports) + " reports");
  }
  std::vector<Leak> leaks;
  for (const auto& report : reports) {
    TRY(auto token, report.text("token"));
    TRY(auto url, report.text("url"));
    TRY(auto source, report.text("source"));
    if (!token) return malformed("each report needs a token: the whole secret that was found", "token");
    leaks.push_back({SecretString(*std::move(token)), url.value_or(""), source.value_or("")});
  }
  return leaks;
}

// As GitHub wants to hear of it, with what was done besides. The secret itself is not repeated.
boost::json::object verdict(const Leak& leak, LeakOutcome outcome) {
  const auto hash = crypto::sha256(leak.text.expose());
  const auto parsed = credentials::parse_key_text(leak.text.expose());
  return {{"token_hash", to_base64({reinterpret_cast<const char*>(hash.data()), hash.size()})},
          {"token_type", parsed ? std::string(to_string(parsed->type)) : std::string("unknown")},
          {"label", outcome == LeakOutcome::unknown ? "false_positive" : "true_positive"},
          {"outcome", to_string(outcome)}};
}

}  // namespace

Answer report_leaked_secrets(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<identity::Operation::report_leak>(call.caller));
  CO_TRY(auto parsed, parse_leaks(call.request.body));
  const auto leaks = std::make_shared<const std::vector<Leak>>(std::move(parsed));
  auto work = [may, leaks, &hooks = context.webhook_context,
               now = context.clock.now()](core::Tx& tx) -> Result<std::vector<LeakOutcome>> {
    std::vector<LeakOutcome> outcomes;
    for (const auto& leak : *leaks) outcomes.push_back(webhooks::report_leak(tx, may, leak, hooks, now));
    return outcomes;
  };
  CO_TRY(const auto outcomes, co_await context.db.write(std::move(work)));
  boost::json::array verdicts;
  for (std::size_t i = 0; i < leaks->size(); ++i) verdicts.push_back(verdict((*leaks)[i], outcomes[i]));
  io::Response response = json_response({});
  response.body = boost::json::serialize(verdicts);
  co_return response;
}

Answer verify_leaked_secret(Context& context, Call& call) {
  CO_TRY(const auto form, form_of(call.request));
  CO_TRY(auto text, form_value(form, "key"));
  if (!text) co_return malformed("key is required", "key");
  const SecretString key(*std::move(text));
  const auto now = context.clock.now();
  const auto address = call.caller.source.address;
  CO_TRY(call.guard->check(address, now));
  const auto parsed = credentials::parse_key_text(key.expose());
  Found found;
  if (parsed) {
    auto read = [id = parsed->id](core::Tx& tx) -> Result<Found> {
      return tx.credentials().find_for_authentication(id);
    };
    CO_TRY(found, co_await context.db.read(std::move(read)));
  }
  if (!parsed || !is_live(found, *parsed, context.issuer.mint.digest(key.expose()), now)) {
    call.guard->note_failure(address, now);
    co_return unauthenticated("not an active key of this server");
  }
  io::Response response;
  response.status = 204;
  response.content_type.clear();
  co_return response;
}

}  // namespace latchkey::http
