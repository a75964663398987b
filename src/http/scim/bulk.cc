// POST /scim/v2/Bulk: each operation in a transaction of its own, in an order in which references resolve.
#include "core/scim/bulk.h"

#include <boost/json.hpp>

#include "core/scim/refusal.h"
#include "core/scim/strict_json.h"
#include "http/handlers.h"
#include "http/responses.h"
#include "http/scim/answers.h"
#include "http/scim/bulk_limits.h"
#include "http/scim/carry_out.h"

namespace latchkey::http {
namespace {

io::awaitable<Result<WrittenResource>> one(Context& context, const Call& call, scim::BulkOperation& operation,
                                           const scim::BulkIds& ids) {
  if (operation.refusal) co_return *operation.refusal;
  CO_TRY(scim::resolve(operation, ids));
  auto caller = call.caller;
  auto copy = operation;
  co_return co_await carry_out(context, std::move(caller), std::move(copy));
}

}  // namespace

Answer scim_bulk(Context& context, Call& call) {
  CO_TRY(const auto body, scim::read_json_object(call.request.body));
  CO_TRY(auto request, scim::read_bulk(body, call.request.body.size(), kBulkSupport));
  scim::BulkIds ids;
  std::uint64_t errors = 0;
  // In the client's order, whatever order they are carried out in.
  std::vector<std::optional<boost::json::object>> results(request.operations.size());
  for (const auto at : request.order) {
    if (request.fail_on_errors != 0 && errors >= request.fail_on_errors) break;
    auto& operation = request.operations[at];
    const auto written = co_await one(context, call, operation, ids);
    if (!written) {
      const auto& error = written.error();
      // The key ended, or the server is out of breath: that is the answer to the whole.
      if (error.code == ErrorCode::unauthenticated || error.code == ErrorCode::unavailable) co_return error;
      const int status = status_of(error.code);
      ++errors;
      results[at] = scim::bulk_result(operation, status, {}, {}, scim::error_body(error, status));
      continue;
    }
    if (!operation.bulk_id.empty()) ids[operation.bulk_id] = written->id;
    results[at] =
        scim::bulk_result(operation, written->status, written->location, written->version, std::nullopt);
  }
  boost::json::array shown;
  for (auto& result : results) {
    if (result) shown.push_back(*std::move(result));
  }
  co_return scim_response(scim::bulk_response(std::move(shown)));
}

}  // namespace latchkey::http
