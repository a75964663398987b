#include "http/scim/carry_out.h"

#include "core/provisioning/groups.h"
#include "core/provisioning/users.h"
#include "core/scim/document.h"
#include "core/scim/patch.h"
#include "core/scim/rendering.h"
#include "http/scim/answers.h"

namespace latchkey::http {
namespace {

namespace json = boost::json;
using provisioning::Guarded;
using provisioning::Sync;
using Method = scim::BulkOperation::Method;

constexpr int kOk = 200;
constexpr int kCreated = 201;
constexpr int kNoContent = 204;

// What PUT and PATCH make of the stored document.
Result<provisioning::Change> change_of(const scim::BulkOperation& operation) {
  const auto& type = *operation.type;
  if (operation.method == Method::put) {
    return provisioning::Change([&type, body = operation.data](const json::object& stored) {
      return scim::replace_resource(type, stored, body);
    });
  }
  TRY(auto operations, scim::read_patch(operation.data));
  return provisioning::Change(
      [&type, operations = std::move(operations)](const json::object& stored) -> Result<json::object> {
        TRY(auto patched, scim::apply_patch(type, stored, operations));
        return std::move(patched.document);
      });
}

using Outcome = Guarded<WrittenResource>;

Result<Outcome> outcome(Result<Guarded<provisioning::Shown>> answer, int status) {
  TRY(auto made, std::move(answer));
  if (made.held) return Outcome{{}, std::move(made.held)};
  std::string id(made.done->document.at("id").as_string());
  return Outcome{
      WrittenResource{
          status, std::move(id), {}, std::move(made.done->version), std::move(made.done->document)},
      {}};
}

Result<Outcome> outcome(Result<provisioning::ShownGroup> answer, int status) {
  TRY(auto made, std::move(answer));
  // A long list of members is not sent back for every change of one of them.
  if (made.document.empty() && status == kOk) status = kNoContent;
  return Outcome{
      WrittenResource{status, std::move(made.id), {}, std::move(made.version), std::move(made.document)}, {}};
}

Result<Outcome> write_user(const Sync& sync, const scim::BulkOperation& operation,
                           const provisioning::Change& change) {
  const UserId id(operation.id);
  switch (operation.method) {
    case Method::post: {
      TRY(auto document, scim::read_resource(*operation.type, operation.data));
      return outcome(provisioning::create_user(sync, std::move(document)), kCreated);
    }
    case Method::put:
    case Method::patch:
      return outcome(provisioning::change_user(sync, id, operation.version, change), kOk);
    case Method::remove: {
      TRY(auto removed, provisioning::remove_user(sync, id, operation.version));
      if (removed.held) return Outcome{{}, std::move(removed.held)};
      return Outcome{WrittenResource{kNoContent, operation.id, {}, {}, {}}, {}};
    }
  }
  return not_found("There is no such user.");
}

Result<Outcome> write_group(const Sync& sync, const scim::BulkOperation& operation,
                            const provisioning::Change& change) {
  const GroupId id(operation.id);
  switch (operation.method) {
    case Method::post: {
      TRY(const auto document, scim::read_resource(*operation.type, operation.data));
      return outcome(provisioning::create_group(sync, document), kCreated);
    }
    case Method::put:
    case Method::patch:
      return outcome(provisioning::change_group(sync, id, operation.version, change), kOk);
    case Method::remove:
      TRY(provisioning::remove_group(sync, id, operation.version));
      return Outcome{WrittenResource{kNoContent, operation.id, {}, {}, {}}, {}};
  }
  return not_found("There is no such group.");
}

}  // namespace

io::awaitable<Result<WrittenResource>> carry_out(Context& context, identity::Caller caller,
                                                 scim::BulkOperation operation) {
  provisioning::Change change;
  if (operation.method == Method::put || operation.method == Method::patch) {
    CO_TRY(change, change_of(operation));
  }
  const auto base = scim_base_url(context);
  auto work = [operation, change, base, caller = std::move(caller), &rules = context.sync_rules,
               now = context.clock.now()](core::Tx& tx) -> Result<Outcome> {
    const Sync sync{tx, caller, rules, base, now};
    const bool is_user = operation.type == &scim::user_type();
    return is_user ? write_user(sync, operation, change) : write_group(sync, operation, change);
  };
  CO_TRY(auto done, co_await context.db.write(std::move(work)));
  if (done.held) co_return *std::move(done.held);
  auto& written = *done.done;
  written.location = scim::resource_location(base, *operation.type, written.id);
  co_return std::move(written);
}

}  // namespace latchkey::http
