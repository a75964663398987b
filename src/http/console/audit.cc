// GET /api/console/audit-verification: walks the caller's tailnet's audit chain.
#include "core/audit/audit_store.h"
#include "core/identity/authorize.h"
#include "http/handlers.h"
#include "http/responses.h"

namespace latchkey::http {

Answer verify_audit_log(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<identity::Operation::verify_audit_log>(call.caller));
  auto work = [may](core::Tx& tx) -> Result<audit::ChainReport> { return tx.audit().verify(may.tailnet()); };
  CO_TRY(const auto report, co_await context.db.read(std::move(work)));
  boost::json::object body;
  body["whole"] = report.first_broken == 0;
  body["records"] = report.checked;
  if (report.first_broken != 0) body["firstBroken"] = report.first_broken;
  co_return json_response(body);
}

}  // namespace latchkey::http
