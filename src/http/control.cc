// GET /key and /ts2021: what devices ask before they speak their own protocol.
#include "http/handlers.h"

namespace latchkey::http {

Answer control_key(Context& context, Call& call) {
  co_return context.control.key(call.request);
}

Answer control_upgrade(Context& context, Call& call) {
  co_return context.control.upgrade(call.request, call.caller.source.address);
}

}  // namespace latchkey::http
