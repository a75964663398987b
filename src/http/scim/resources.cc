// /scim/v2/Users and /scim/v2/Groups: read and write.
#include "core/provisioning/groups.h"
#include "core/provisioning/users.h"
#include "core/scim/rendering.h"
#include "core/scim/strict_json.h"
#include "http/handlers.h"
#include "http/scim/answers.h"
#include "http/scim/carry_out.h"

namespace latchkey::http {
namespace {

using Method = scim::BulkOperation::Method;
using provisioning::Sync;

constexpr int kNoContent = 204;
constexpr int kNotModified = 304;

Answer write(Context& context, Call& call, Method method, const scim::ResourceType& type) {
  CO_TRY(const auto projection, asked_projection(type, call));
  scim::BulkOperation operation;
  operation.method = method;
  operation.type = &type;
  if (method != Method::post) operation.id = call.path_element("resourceId");
  operation.version = std::string(call.request.header("If-Match").value_or(""));
  if (method != Method::remove) {
    CO_TRY(operation.data, scim::read_json_object(call.request.body));
  }
  auto caller = call.caller;
  CO_TRY(const auto written, co_await carry_out(context, std::move(caller), std::move(operation)));
  if (written.status == kNoContent) {
    io::Response response;
    response.status = kNoContent;
    if (!written.version.empty()) response.headers.push_back({"ETag", written.version});
    co_return response;
  }
  if (written.document.empty()) {  // created, and too large to show
    boost::json::object body;
    auto response = scim_response(body, written.status);
    response.headers.push_back({"Location", written.location});
    co_return response;
  }
  co_return resource_response(written.document, written.version, projection, written.status);
}

// A client that has this version already is not sent it again.
io::Response shown(const Call& call, const boost::json::object& document, const std::string& version,
                   const scim::Projection& projection) {
  const auto known = call.request.header("If-None-Match");
  if (!known || !scim::names_version(*known, version)) {
    return resource_response(document, version, projection, 200);
  }
  io::Response response;
  response.status = kNotModified;
  response.headers.push_back({"ETag", version});
  return response;
}

}  // namespace

Answer scim_create_user(Context& context, Call& call) {
  return write(context, call, Method::post, scim::user_type());
}
Answer scim_replace_user(Context& context, Call& call) {
  return write(context, call, Method::put, scim::user_type());
}
Answer scim_patch_user(Context& context, Call& call) {
  return write(context, call, Method::patch, scim::user_type());
}
Answer scim_delete_user(Context& context, Call& call) {
  return write(context, call, Method::remove, scim::user_type());
}
Answer scim_create_group(Context& context, Call& call) {
  return write(context, call, Method::post, scim::group_type());
}
Answer scim_replace_group(Context& context, Call& call) {
  return write(context, call, Method::put, scim::group_type());
}
Answer scim_patch_group(Context& context, Call& call) {
  return write(context, call, Method::patch, scim::group_type());
}
Answer scim_delete_group(Context& context, Call& call) {
  return write(context, call, Method::remove, scim::group_type());
}

Answer scim_get_user(Context& context, Call& call) {
  CO_TRY(const auto projection, asked_projection(scim::user_type(), call));
  auto work = [id = UserId(call.path_element("resourceId")), caller = call.caller,
               base = scim_base_url(context), &rules = context.sync_rules, now = context.clock.now()](
                  core::Tx& tx) { return provisioning::read_user({tx, caller, rules, base, now}, id); };
  CO_TRY(const auto user, co_await context.db.read(std::move(work)));
  co_return shown(call, user.document, user.version, projection);
}

Answer scim_get_group(Context& context, Call& call) {
  CO_TRY(const auto projection, asked_projection(scim::group_type(), call));
  auto work = [id = GroupId(call.path_element("resourceId")), with_members = projection.wants("members"),
               caller = call.caller, base = scim_base_url(context), &rules = context.sync_rules,
               now = context.clock.now()](core::Tx& tx) {
    return provisioning::read_group({tx, caller, rules, base, now}, id, with_members);
  };
  CO_TRY(const auto group, co_await context.db.read(std::move(work)));
  co_return shown(call, group.document, group.version, projection);
}

}  // namespace latchkey::http
