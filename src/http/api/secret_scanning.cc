// POST /secret-scanning/verify: whether a key that somebody found is a live one. Anybody may ask, as scanners
// do: who holds a key may know that it works. Changes nothing.
#include "base/text.h"
#include "core/credentials/access_token.h"
#include "core/credentials/authenticate.h"
#include "http/api/oauth.h"
#include "http/failure_guard.h"
#include "http/handlers.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using Found = std::optional<credentials::OwnedCredential>;

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

}  // namespace

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
