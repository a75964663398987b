// GET /tailnet/{tailnet}/contacts; PATCH .../{contactType}; POST .../{contactType}/resend-verification-email.
#include "core/tailnet/contacts.h"

#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;
using tailnet::ContactKind;

Result<ContactKind> wanted_kind(const Call& call) {
  const auto kind = tailnet::contact_kind_from(call.path_element("contactType"));
  if (!kind) return not_found("contact not found: there are account, support and security");
  return *kind;
}

Result<std::string> wanted_email(const Call& call) {
  TRY(const auto body, JsonBody::parse(call.request.body));
  TRY(const auto email, body.text("email"));
  if (!email) return malformed("email is required", "email");
  return *email;
}

}  // namespace

Answer get_contacts(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_contacts>(call.caller));
  auto work = [may](core::Tx& tx) -> Result<tailnet::Contacts> { return tailnet::read_contacts(tx, may); };
  CO_TRY(const auto contacts, co_await context.db.read(std::move(work)));
  boost::json::object body;
  for (const auto kind : tailnet::kContactKinds) {
    // This server sends no mail, so that no address waits for being verified.
    body[to_string(kind)] = {{"email", contacts.of(kind)}, {"needsVerification", false}};
  }
  co_return json_response(body);
}

Answer update_contact(Context& context, Call& call) {
  CO_TRY(const auto kind, wanted_kind(call));
  const TimePoint now = context.clock.now();
  if (kind == ContactKind::security) {
    CO_TRY(auto may, identity::authorize<Operation::write_security_contact>(call.caller));
    CO_TRY(const auto email, wanted_email(call));
    auto work = [may, email, now](core::Tx& tx) {
      return tailnet::change_security_contact(tx, may, email, now);
    };
    CO_TRY(co_await context.db.write(std::move(work)));
    co_return empty_response();
  }
  CO_TRY(auto may, identity::authorize<Operation::write_contact>(call.caller));
  CO_TRY(const auto email, wanted_email(call));
  auto work = [may, kind, email, now](core::Tx& tx) {
    return tailnet::change_contact(tx, may, kind, email, now);
  };
  CO_TRY(co_await context.db.write(std::move(work)));
  co_return empty_response();
}

Answer resend_contact_verification(Context&, Call& call) {
  CO_TRY(const auto kind, wanted_kind(call));
  if (kind == ContactKind::security) {
    CO_TRY(identity::authorize<Operation::write_security_contact>(call.caller));
  } else {
    CO_TRY(identity::authorize<Operation::write_contact>(call.caller));
  }
  co_return malformed(
      "verification is not pending: this server sends no mail and takes addresses as they are");
}

}  // namespace latchkey::http
