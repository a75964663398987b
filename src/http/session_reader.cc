#include "http/session_reader.h"

#include "core/signon/audit_view.h"
#include "http/cookies.h"

namespace latchkey::http {
namespace {

using signon::SessionOwner;
using signon::SessionVerdict;
using signon::SignOnKeys;

// What a page does by itself, such as a refresh, does not keep its person signed in.
bool is_by_person(const io::Request& request) {
  return !request.header("X-Latchkey-Background");
}

}  // namespace

io::awaitable<Result<void>> SessionReader::recognise(Call& call) {
  const auto text = cookie_of(call.request, kSessionCookie);
  if (!text || !SignOnKeys::is_text(*text)) co_return Result<void>();
  const auto now = context_.clock.now();
  const auto& rules = *context_.sign_on.rules;
  const auto& address = call.caller.source.address;
  const auto shown = rules.keys.digest(signon::TextKind::session, *text);
  CO_TRY(guard_.check(address, shown, now));
  auto read = [shown](core::Tx& tx) -> Result<std::optional<SessionOwner>> {
    return signon::find_session(tx, shown);
  };
  CO_TRY(auto owner, co_await context_.db.read(std::move(read)));
  if (!owner) {
    guard_.note_failure(address, shown, now);
    co_return Result<void>();
  }
  guard_.note_success(shown);
  call.session_text = SecretString(*text);
  switch (signon::judge(owner->session, shown, owner->user, rules.limits, now)) {
    case SessionVerdict::good:
      co_return co_await take(call, *std::move(owner), now);
    case SessionVerdict::renew:
      co_return co_await renew(call, *std::move(owner), now);
    case SessionVerdict::stolen: {
      context_.log.warn("a session's old cookie was used: all sessions of the person end",
                        {{"user", owner->user.id.str()}, {"address", address}});
      auto end = [owner = *owner, source = call.caller.source, now](core::Tx& tx) {
        return signon::end_stolen(tx, owner, source, now);
      };
      co_return co_await context_.db.write(std::move(end));
    }
    case SessionVerdict::over:
    case SessionVerdict::denied:
      break;
  }
  co_return Result<void>();
}

io::awaitable<Result<void>> SessionReader::take(Call& call, SessionOwner owner, TimePoint now) {
  call.caller = signon::session_caller(owner.user, call.caller.source);
  if (owner.session.last_seen + signon::kSeenInterval <= now && is_by_person(call.request)) {
    auto note = [owner, source = call.caller.source, now](core::Tx& tx) {
      return signon::note_session_use(tx, owner, source, now);
    };
    CO_TRY(co_await context_.db.write(std::move(note)));
  }
  call.session = std::move(owner);
  co_return Result<void>();
}

io::awaitable<Result<void>> SessionReader::renew(Call& call, SessionOwner owner, TimePoint now) {
  auto work = [owner, source = call.caller.source, &rules = *context_.sign_on.rules, now](core::Tx& tx) {
    return signon::renew_session(tx, owner, source, rules, now);
  };
  CO_TRY(auto text, co_await context_.db.write(std::move(work)));
  if (text) {
    call.cookies.push_back(set_cookie(kSessionCookie, text->expose()));
    call.session_text = *std::move(text);
  }
  co_return co_await take(call, std::move(owner), now);
}

}  // namespace latchkey::http
