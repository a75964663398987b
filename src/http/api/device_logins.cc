// POST /tailnet/{tailnet}/device-logins/{loginId}: lets in a device that waits for a person. Beyond upstream,
// where only the admin console does it.
#include "core/join/pending_login.h"
#include "core/tailnet/policy_node.h"
#include "http/api/device_json.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {

Answer complete_device_login(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<identity::Operation::complete_device_login>(call.caller));
  CO_TRY(auto may_read, identity::authorize<identity::Operation::read_device>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto user, body.text("user"));
  auto work = [may, may_read, id = call.path_element("loginId"), user = user.value_or(""),
               &mint = context.issuer.mint,
               now = context.clock.now()](core::Tx& tx) -> Result<tailnet::DeviceView> {
    const join::JoinContext joining{mint, tailnet::auto_approved_routes};
    TRY(const auto device, join::complete_login(tx, may, id, user, joining, now));
    return tailnet::view_device(tx, may_read, device.id.str());
  };
  CO_TRY(const auto view, co_await context.db.write(std::move(work)));
  co_return json_response(device_json(view, DeviceFields::all));
}

}  // namespace latchkey::http
