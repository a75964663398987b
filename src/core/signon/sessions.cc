#include "core/signon/sessions.h"

#include "base/text.h"
#include "core/identity/user_store.h"
#include "core/signon/audit_view.h"
#include "core/signon/session_store.h"
#include "crypto/random.h"

namespace latchkey::signon {
namespace {

using audit::Action;

void end(core::Tx& tx, const SessionOwner& owner, const identity::Caller& by, std::string details,
         TimePoint now) {
  tx.sessions().remove(owner.session,
                       session_act(owner.session, owner.user, by, Action::logout, std::move(details), now));
}

Result<identity::User> person(core::Tx& tx, const identity::Caller& caller, const std::string& login_name) {
  auto user = login_name.empty() ? tx.users().find(caller.tailnet, caller.user)
                                 : tx.users().find_by_login(caller.tailnet, login_name);
  if (!user) return not_found("user not found");
  return *std::move(user);
}

}  // namespace

StartedSession start_session(core::Tx& tx, const identity::User& user, std::string_view provider,
                             const std::optional<crypto::Digest>& previous, const audit::Source& source,
                             const SignOnContext& context, TimePoint now) {
  const auto caller = session_caller(user, source);
  if (previous) {
    if (const auto before = find_session(tx, *previous)) {
      end(tx, *before, session_caller(before->user, source), "signed in anew", now);
    }
  }
  const auto running = tx.sessions().list(user.tailnet, user.id, kMaxListedSessions);
  const auto most = static_cast<std::size_t>(kMaxSessions - 1);
  for (std::size_t at = 0; at + most < running.size(); ++at) {
    end(tx, {running[at], user}, caller, "more than " + std::to_string(kMaxSessions) + " sessions", now);
  }

  StartedSession started;
  started.text = SignOnKeys::new_text();
  auto& session = started.session;
  session.id = id_text('s', crypto::random_bits());
  session.tailnet = user.tailnet;
  session.user = user.id;
  session.digest = context.keys.digest(TextKind::session, started.text.expose());
  session.role = user.role;
  session.provider = provider;
  session.created = session.last_seen = now;
  session.ends = now + context.limits.absolute;
  session.address = source.address;
  session.user_agent = std::string(clip(source.user_agent, kMaxAgent));
  tx.sessions().insert(session, session_act(session, user, caller, Action::login, {}, now));
  return started;
}

std::optional<SessionOwner> find_session(core::Tx& tx, const crypto::Digest& shown) {
  auto session = tx.sessions().find(shown);
  if (!session) return std::nullopt;
  auto user = tx.users().find(session->tailnet, session->user);
  if (!user) return std::nullopt;
  return SessionOwner{*std::move(session), *std::move(user)};
}

Result<void> note_session_use(core::Tx& tx, const SessionOwner& owner, const audit::Source& source,
                              TimePoint now) {
  auto seen = owner.session;
  seen.last_seen = now;
  seen.address = source.address;
  tx.sessions().touch(seen);
  return {};
}

Result<std::optional<SecretString>> renew_session(core::Tx& tx, const SessionOwner& owner,
                                                  const audit::Source& source, const SignOnContext& context,
                                                  TimePoint now) {
  auto text = SignOnKeys::new_text();
  auto renewed = owner.session;
  renewed.digest = context.keys.digest(TextKind::session, text.expose());
  renewed.old_digest = owner.session.digest;
  renewed.renewed = now;
  renewed.role = owner.user.role;
  auto act = session_act(renewed, owner.user, session_caller(owner.user, source), Action::login,
                         "renewed: the role is now " + std::string(to_string(owner.user.role)), now);
  if (!tx.sessions().renew(renewed, owner.session.digest, act)) return std::optional<SecretString>();
  return std::optional(std::move(text));
}

Result<void> end_stolen(core::Tx& tx, const SessionOwner& owner, const audit::Source& source, TimePoint now) {
  const auto by = session_caller(owner.user, source);
  for (const auto& session : tx.sessions().list(owner.user.tailnet, owner.user.id, kMaxListedSessions)) {
    end(tx, {session, owner.user}, by, "a cookie was used that had been renewed away: somebody has a copy",
        now);
  }
  return {};
}

Result<void> sign_out(core::Tx& tx, const SessionOwner& owner, const audit::Source& source, TimePoint now) {
  end(tx, owner, session_caller(owner.user, source), {}, now);
  return {};
}

Result<std::vector<ListedSession>> list_sessions(core::Tx& tx, const MayListSessions& may,
                                                 const std::optional<std::string>& login_name,
                                                 const SessionLimits& limits, TimePoint now) {
  UserId of;
  if (login_name) {
    TRY(const auto user, person(tx, may.caller(), *login_name));
    if (!may.reaches(user.id)) return not_found("user not found");
    of = user.id;
  } else if (!may.reaches(UserId())) {
    of = may.caller().user;
  }
  std::vector<ListedSession> listed;
  for (const auto& session : tx.sessions().list(may.tailnet(), of, kMaxListedSessions)) {
    const auto user = tx.users().find(session.tailnet, session.user);
    if (user && !is_over(session, limits, now)) listed.push_back({session, user->login_name});
  }
  return listed;
}

Result<void> end_session(core::Tx& tx, const MayEndSession& may, std::string_view id, TimePoint now) {
  const auto session = tx.sessions().find(may.tailnet(), id);
  if (!session || !may.reaches(session->user)) return not_found("session not found");
  const auto user = tx.users().find(session->tailnet, session->user);
  if (!user) return not_found("session not found");
  end(tx, {*session, *user}, may.caller(), {}, now);
  return {};
}

Result<std::int64_t> end_sessions(core::Tx& tx, const MayEndSession& may, const std::string& login_name,
                                  std::string_view except, TimePoint now) {
  TRY(const auto user, person(tx, may.caller(), login_name));
  if (!may.reaches(user.id)) return not_found("user not found");
  std::int64_t ended = 0;
  for (const auto& session : tx.sessions().list(user.tailnet, user.id, kMaxListedSessions)) {
    if (session.id == except) continue;
    end(tx, {session, user}, may.caller(), {}, now);
    ++ended;
  }
  return ended;
}

Result<std::int64_t> forget_sessions(core::Tx& tx, const SessionLimits& limits, TimePoint now,
                                     std::int64_t limit) {
  return tx.sessions().forget(now - limits.idle, now, limit);
}

}  // namespace latchkey::signon
