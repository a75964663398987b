#include "core/signon/login_link.h"

#include "core/audit/audit_store.h"
#include "core/identity/user_store.h"
#include "core/signon/session_store.h"

namespace latchkey::signon {

Result<MadeLoginLink> create_login_link(core::Tx& tx, const MayCreateLoginLink& may,
                                        const SignOnContext& context, TimePoint now) {
  const auto user = tx.users().find(may.tailnet(), may.caller().user);
  if (!user) return not_found("user not found");
  if (user->status != identity::UserStatus::active) {
    return conflict("the user is " + std::string(to_string(user->status)) + " and may not sign in");
  }
  MadeLoginLink made;
  made.text = SignOnKeys::new_text();
  made.login_name = user->login_name;
  made.expires = now + kLoginLinkLife;
  tx.sessions().remove_links_of(user->tailnet, user->id);
  tx.sessions().put(
      {context.keys.digest(TextKind::link, made.text.expose()), user->tailnet, user->id, now, made.expires});
  audit::Target target{user->id.str(), user->login_name, audit::TargetType::user, "LOGIN_LINK"};
  tx.audit().append(identity::record_by(may.caller(), audit::Action::create, std::move(target), now));
  return made;
}

Result<std::optional<StartedSession>> use_login_link(core::Tx& tx, std::string_view text,
                                                     const std::optional<crypto::Digest>& previous,
                                                     const audit::Source& source,
                                                     const SignOnContext& context, TimePoint now) {
  const auto link = tx.sessions().take_link(context.keys.digest(TextKind::link, text));
  if (!link || link->expires <= now) return std::optional<StartedSession>();
  const auto user = tx.users().find(link->tailnet, link->user);
  if (!user || user->status != identity::UserStatus::active) return std::optional<StartedSession>();
  return std::optional(start_session(tx, *user, {}, previous, source, context, now));
}

}  // namespace latchkey::signon
