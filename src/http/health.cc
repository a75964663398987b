// GET /healthz: the process answers. GET /readyz: it can do its work.
#include "http/handlers.h"
#include "http/responses.h"

namespace latchkey::http {

Answer healthz(Context&, Call&) {
  boost::json::object body;
  body["status"] = "ok";
  co_return json_response(body);
}

Answer readyz(Context& context, Call&) {
  const auto ready = context.readiness();
  if (!ready) co_return unavailable("not ready: " + ready.error().message, ready.error().detail);
  boost::json::object body;
  body["status"] = "ready";
  co_return json_response(body);
}

}  // namespace latchkey::http
