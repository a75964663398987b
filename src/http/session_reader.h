// From a session's cookie to the person: read at each request, so that a suspension counts at once.
#pragma once

#include "http/context.h"
#include "http/failure_guard.h"

namespace latchkey::http {

class SessionReader {
 public:
  // Both outlive the reader.
  SessionReader(Context& context, FailureGuard& guard) : context_(context), guard_(guard) {}

  // Fills the call's session and caller when the cookie's session holds, and leaves them empty otherwise; the
  // call's source must have its address. Notes the use, renews the cookie after a change of role, and ends
  // all sessions of a person whose old cookie somebody uses.
  io::awaitable<Result<void>> recognise(Call& call);

 private:
  io::awaitable<Result<void>> take(Call& call, signon::SessionOwner owner, TimePoint now);
  io::awaitable<Result<void>> renew(Call& call, signon::SessionOwner owner, TimePoint now);

  Context& context_;
  FailureGuard& guard_;
};

}  // namespace latchkey::http
