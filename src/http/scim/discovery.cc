// What the SCIM service says of itself: /ServiceProviderConfig, /Schemas, /ResourceTypes. With the key, like
// everything here. And /Me, which it does not have: a key is nobody.
#include "core/scim/discovery.h"

#include "core/provisioning/switch.h"
#include "core/scim/list_query.h"
#include "http/handlers.h"
#include "http/scim/answers.h"
#include "http/scim/bulk_limits.h"

namespace latchkey::http {
namespace {

// RFC 7644 section 4: these lists take no filter.
Result<void> check_unfiltered(const Call& call) {
  TRY(const auto query, scim::ListQuery::from_address(call.request.query()));
  if (query.filter) return forbidden("Discovery takes no filter.");
  return {};
}

io::awaitable<Result<void>> check_enabled(Context& context, const Call& call) {
  auto work = [tailnet = call.caller.tailnet](core::Tx& tx) {
    return provisioning::require_enabled(tx, tailnet);
  };
  co_return co_await context.db.read(std::move(work));
}

io::Response list_response(boost::json::array resources) {
  const auto total = resources.size();
  return scim_response(scim::list_response(std::move(resources), total, 1));
}

}  // namespace

Answer scim_service_provider_config(Context& context, Call& call) {
  CO_TRY(co_await check_enabled(context, call));
  co_return scim_response(scim::service_provider_config(scim_base_url(context), kBulkSupport));
}

Answer scim_list_schemas(Context& context, Call& call) {
  CO_TRY(co_await check_enabled(context, call));
  CO_TRY(check_unfiltered(call));
  co_return list_response(scim::all_schemas(scim_base_url(context)));
}

Answer scim_get_schema(Context& context, Call& call) {
  CO_TRY(co_await check_enabled(context, call));
  CO_TRY(check_unfiltered(call));
  const auto schema = scim::one_schema(scim_base_url(context), call.path_element("schemaUrn"));
  if (!schema) co_return not_found("There is no such schema.");
  co_return scim_response(*schema);
}

Answer scim_list_resource_types(Context& context, Call& call) {
  CO_TRY(co_await check_enabled(context, call));
  CO_TRY(check_unfiltered(call));
  co_return list_response(scim::all_resource_types(scim_base_url(context)));
}

Answer scim_get_resource_type(Context& context, Call& call) {
  CO_TRY(co_await check_enabled(context, call));
  CO_TRY(check_unfiltered(call));
  const auto type = scim::one_resource_type(scim_base_url(context), call.path_element("typeName"));
  if (!type) co_return not_found("There is no such resource type.");
  co_return scim_response(*type);
}

Answer scim_me(Context& context, Call& call) {
  CO_TRY(co_await check_enabled(context, call));
  co_return scim_refusal(501, "A SCIM key is nobody: there is no /Me.");
}

}  // namespace latchkey::http
