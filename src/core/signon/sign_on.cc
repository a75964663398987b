#include "core/signon/sign_on.h"

#include "base/text.h"
#include "core/audit/audit_store.h"
#include "core/identity/user_store.h"
#include "core/people/admit.h"
#include "core/people/invites.h"
#include "core/signon/audit_view.h"
#include "core/signon/session_store.h"
#include "core/tailnet/tailnet.h"

namespace latchkey::signon {
namespace {

using audit::Action;
using identity::Operation;

constexpr std::size_t kMaxReason = 300;

LinkFacts gather(core::Tx& tx, const Provider& provider, const SignOnRequest& request) {
  LinkFacts facts;
  const auto& asserted = request.asserted;
  if (const auto link = tx.sign_on().link(provider.tailnet, asserted.issuer, asserted.subject)) {
    facts.linked = tx.users().find(provider.tailnet, link->user);
  }
  if (!asserted.login.empty()) {
    facts.by_login = tx.users().find_by_login(provider.tailnet, asserted.login);
  }
  if (facts.by_login) {
    facts.by_login_is_linked = !tx.sign_on().links_of(provider.tailnet, facts.by_login->id).empty();
  }
  facts.invited = request.invite.has_value();
  facts.provisioning = request.provisioning;
  return facts;
}

Result<identity::User> admit(core::Tx& tx, const Provider& provider, const SignOnRequest& request,
                             LinkRule rule, const SignOnContext& context, TimePoint now) {
  const auto caller = identity::sign_on_caller(provider.tailnet, request.source);
  TRY(const auto may, identity::authorize<Operation::create_user>(caller));
  const auto& asserted = request.asserted;
  if (rule == LinkRule::invite) {
    return people::accept_invite(tx, may, *request.invite, {asserted.login, asserted.display_name},
                                 context.mint, now);
  }
  people::NewPerson person;
  person.login_name = asserted.login;
  person.display_name = asserted.display_name;
  return people::admit(tx, may, person, now);
}

Result<identity::User> person_of(core::Tx& tx, const Provider& provider, const SignOnRequest& request,
                                 const LinkFacts& facts, LinkRule rule, const SignOnContext& context,
                                 TimePoint now) {
  if (rule == LinkRule::linked) return *facts.linked;
  auto user = facts.by_login;
  if (rule != LinkRule::login_name) {
    TRY(user, admit(tx, provider, request, rule, context, now));
  }
  const auto& asserted = request.asserted;
  const IdentityLink link{provider.tailnet, asserted.issuer, asserted.subject, user->id, rule, now};
  const auto by = identity::sign_on_caller(provider.tailnet, request.source);
  if (!tx.sign_on().insert(link, link_act(link, *user, by, Action::create, now))) {
    return conflict("this identity was linked a moment ago: sign in again");
  }
  return *std::move(user);
}

}  // namespace

std::optional<Provider> usable_provider(core::Tx& tx, const TailnetId& tailnet, std::string_view id) {
  auto provider = tx.sign_on().provider(tailnet, id);
  if (provider && !provider->settings.enabled) return std::nullopt;
  return provider;
}

Result<void> begin_sign_on(core::Tx& tx, const Provider& provider, const crypto::Digest& state,
                           const crypto::Digest& browser, std::string_view next, TimePoint now) {
  auto& store = tx.sign_on();
  store.remove_expired_attempts(now);
  while (store.attempts_of(browser) >= kMaxAttemptsOfBrowser) store.drop_oldest_attempt(browser);
  if (store.attempts() >= kMaxAttempts) {
    return Error{
        ErrorCode::rate_limited, "too many sign-ons are under way: try again in some minutes", {}, {}};
  }
  store.put({state, browser, provider.tailnet, provider.id, std::string(next), now, now + kAttemptLife});
  return {};
}

Result<std::optional<TakenAttempt>> take_attempt(core::Tx& tx, const crypto::Digest& state,
                                                 const std::optional<crypto::Digest>& browser,
                                                 TimePoint now) {
  auto attempt = tx.sign_on().take_attempt(state);
  const bool same_browser = attempt && browser && crypto::constant_time_equal(attempt->browser, *browser);
  if (!same_browser || attempt->expires <= now) return std::optional<TakenAttempt>();
  auto provider = usable_provider(tx, attempt->tailnet, attempt->provider);
  if (!provider) return std::optional<TakenAttempt>();
  return std::optional(TakenAttempt{*std::move(attempt), *std::move(provider)});
}

Result<SignOnOutcome> complete_sign_on(core::Tx& tx, const Provider& provider, const SignOnRequest& request,
                                       const SignOnContext& context, TimePoint now) {
  const auto facts = gather(tx, provider, request);
  auto decision = decide_link(request.asserted, provider, facts);
  SignOnOutcome outcome;
  std::optional<identity::User> user;
  if (!decision.refusal) {
    TRY(user, person_of(tx, provider, request, facts, decision.rule, context, now));
    if (user->status == identity::UserStatus::needs_approval) decision.refusal = LinkRefusal::needs_approval;
  }
  if (decision.refusal) {
    TRY(record_failed_sign_on(tx, provider.tailnet, provider.id, to_string(*decision.refusal), request.source,
                              now));
    outcome.refusal = decision.refusal;
    return outcome;
  }
  outcome.session = start_session(tx, *user, provider.id, request.previous, request.source, context, now);
  return outcome;
}

Result<void> record_failed_sign_on(core::Tx& tx, const TailnetId& tailnet, std::string_view provider,
                                   std::string_view reason, const audit::Source& source, TimePoint now) {
  auto caller = identity::sign_on_caller(tailnet, source);
  audit::Target target{std::string(provider), std::string(provider), audit::TargetType::admin_console, {}};
  auto record = identity::record_by(caller, Action::login, std::move(target), now);
  record.error = std::string(clip(storable(redact_keys(reason)), kMaxReason));
  tx.audit().append(record);
  return {};
}

Result<std::vector<IdentityLink>> list_identities(core::Tx& tx, const MayReadIdentities& may,
                                                  const UserId& user) {
  if (!tx.users().find(may.tailnet(), user)) return not_found("user not found");
  return tx.sign_on().links_of(may.tailnet(), user);
}

Result<std::int64_t> unlink_identities(core::Tx& tx, const MayUnlink& may, const UserId& id, TimePoint now) {
  const auto user = tx.users().find(may.tailnet(), id);
  if (!user) return not_found("user not found");
  const auto links = tx.sign_on().links_of(may.tailnet(), id);
  for (const auto& link : links) {
    tx.sign_on().remove_link(link, link_act(link, *user, may.caller(), Action::delete_, now));
  }
  if (!links.empty()) {
    for (const auto& session : tx.sessions().list(may.tailnet(), id, kMaxListedSessions)) {
      tx.sessions().remove(session, session_act(session, *user, may.caller(), Action::logout,
                                                "the identity was unlinked", now));
    }
  }
  return static_cast<std::int64_t>(links.size());
}

}  // namespace latchkey::signon
