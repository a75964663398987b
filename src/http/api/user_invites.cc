// GET, POST /tailnet/{tailnet}/user-invites; GET, DELETE /user-invites/{inviteId}; POST .../resend.
#include <boost/json/array.hpp>

#include "core/people/invites.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;
using people::Invite;
using people::InviteWithCode;

boost::json::object invite_json(const Invite& invite) {
  boost::json::object json;
  json["id"] = invite.id.str();
  json["role"] = to_string(invite.role);
  json["tailnetId"] = people::number_of(invite.tailnet.str());
  json["inviterId"] = people::number_of(invite.inviter.str());
  if (!invite.email.empty()) json["email"] = invite.email;
  json["expires"] = to_rfc3339(whole_second(invite.expires));
  return json;
}

boost::json::object with_link(const InviteWithCode& made, const std::string& public_url) {
  auto json = invite_json(made.invite);
  json["inviteUrl"] = public_url + "/invite/" + made.code.expose();
  return json;
}

InviteId invite_of(const Call& call) {
  return InviteId(call.path_element("inviteId"));
}

}  // namespace

Answer list_user_invites(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::list_user_invites>(call.caller));
  auto work = [may, now = context.clock.now()](core::Tx& tx) -> Result<std::vector<Invite>> {
    return people::list_invites(tx, may, now);
  };
  CO_TRY(const auto invites, co_await context.db.read(std::move(work)));
  boost::json::array list;
  for (const auto& invite : invites) list.push_back(invite_json(invite));
  co_return list_response(list);
}

Answer create_user_invites(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::create_user_invite>(call.caller));
  CO_TRY(const auto bodies, JsonBody::parse_list(call.request.body));
  std::vector<people::NewInvite> wanted;
  for (const auto& body : bodies) {
    CO_TRY(const auto role, body.text("role"));
    CO_TRY(const auto email, body.text("email"));
    wanted.push_back({role.value_or(""), email.value_or("")});
  }
  auto work = [may, wanted, &mint = context.issuer.mint, now = context.clock.now()](core::Tx& tx) {
    return people::invite(tx, may, wanted, mint, now);
  };
  CO_TRY(const auto made, co_await context.db.write(std::move(work)));
  boost::json::array list;
  for (const auto& one : made) list.push_back(with_link(one, context.public_url));
  co_return secret_list_response(list);
}

Answer get_user_invite(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_user_invite>(call.caller));
  auto work = [may, id = invite_of(call), now = context.clock.now()](core::Tx& tx) {
    return people::read_invite(tx, may, id, now);
  };
  CO_TRY(const auto invite, co_await context.db.read(std::move(work)));
  co_return json_response(invite_json(invite));
}

Answer delete_user_invite(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::delete_user_invite>(call.caller));
  auto work = [may, id = invite_of(call), now = context.clock.now()](core::Tx& tx) {
    return people::delete_invite(tx, may, id, now);
  };
  CO_TRY(co_await context.db.write(std::move(work)));
  co_return empty_response();
}

Answer resend_user_invite(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::resend_user_invite>(call.caller));
  auto work = [may, id = invite_of(call), &mint = context.issuer.mint, now = context.clock.now()](
                  core::Tx& tx) { return people::resend_invite(tx, may, id, mint, now); };
  CO_TRY(const auto made, co_await context.db.write(std::move(work)));
  co_return secret_response(with_link(made, context.public_url));
}

}  // namespace latchkey::http
