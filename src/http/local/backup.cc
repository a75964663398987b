// POST /api/local/backup: copies the database to a new file on this machine, while the server runs.
#include "core/identity/authorize.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {

Answer back_up(Context& context, Call& call) {
  CO_TRY(identity::authorize<identity::Operation::back_up>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto path, body.text("path"));
  if (!path || !path->starts_with('/')) co_return malformed("path must be an absolute file name", "path");
  CO_TRY(co_await context.back_up(*path));
  boost::json::object json;
  json["path"] = *path;
  co_return json_response(json);
}

}  // namespace latchkey::http
