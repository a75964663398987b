// A login at a provider, from the redirect there to the session: what is kept meanwhile, and what becomes of
// the identity that comes back. Asking the provider is the border's (http/console/sign_on.cc).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/signon/linking.h"
#include "core/signon/sessions.h"
#include "core/signon/sign_on_store.h"

namespace latchkey::signon {

inline constexpr minutes kAttemptLife{10};
inline constexpr std::int64_t kMaxAttempts = 10'000;  // of all browsers
inline constexpr std::int64_t kMaxAttemptsOfBrowser = 8;

// A provider that may be signed in with. Nothing when there is none, or it is off.
std::optional<Provider> usable_provider(core::Tx& tx, const TailnetId& tailnet, std::string_view id);

// rate_limited: kMaxAttempts are under way.
Result<void> begin_sign_on(core::Tx& tx, const Provider& provider, const crypto::Digest& state,
                           const crypto::Digest& browser, std::string_view next, TimePoint now);

// The login that the answer with this state belongs to, which is over with that, whoever came with it.
// `provider` is as it is now.
struct TakenAttempt {
  SignOnAttempt attempt;
  Provider provider;
};
// Nothing when there is none, it is too old, or its provider is off; or when another browser began it.
Result<std::optional<TakenAttempt>> take_attempt(core::Tx& tx, const crypto::Digest& state,
                                                 const std::optional<crypto::Digest>& browser, TimePoint now);

struct SignOnOutcome {
  std::optional<StartedSession> session;
  std::optional<LinkRefusal> refusal;
};

struct SignOnRequest {
  Asserted asserted;
  std::optional<crypto::Digest> previous;  // the session that the browser showed
  std::optional<SecretString> invite;      // the code of the invite by which they came
  audit::Source source;
  bool provisioning = false;  // whether people are made by provisioning alone
};

// Finds, links or makes the person, and starts their session; or records why not.
Result<SignOnOutcome> complete_sign_on(core::Tx& tx, const Provider& provider, const SignOnRequest& request,
                                       const SignOnContext& context, TimePoint now);

// ADMIN_CONSOLE.LOGIN with an error: a sign-on that failed. `reason` holds no text of the provider's that was
// not shortened, and never a code or a token.
Result<void> record_failed_sign_on(core::Tx& tx, const TailnetId& tailnet, std::string_view provider,
                                   std::string_view reason, const audit::Source& source, TimePoint now);

using MayUnlink = identity::Permit<identity::Operation::unlink_identity>;
using MayReadIdentities = identity::Permit<identity::Operation::read_identities>;

Result<std::vector<IdentityLink>> list_identities(core::Tx& tx, const MayReadIdentities& may,
                                                  const UserId& user);
// All of a person; their sessions end. The next sign-on links anew, by the rules.
Result<std::int64_t> unlink_identities(core::Tx& tx, const MayUnlink& may, const UserId& user, TimePoint now);

}  // namespace latchkey::signon
