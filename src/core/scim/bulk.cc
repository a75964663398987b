#include "core/scim/bulk.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "base/text.h"
#include "core/scim/refusal.h"
#include "core/scim/strict_json.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;
using Method = BulkOperation::Method;

constexpr std::string_view kReference = "bulkId:";

std::optional<Method> method_of(std::string_view word) {
  if (equals_ignore_case(word, "POST")) return Method::post;
  if (equals_ignore_case(word, "PUT")) return Method::put;
  if (equals_ignore_case(word, "PATCH")) return Method::patch;
  if (equals_ignore_case(word, "DELETE")) return Method::remove;
  return std::nullopt;
}

std::string_view name_of(Method method) {
  switch (method) {
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::remove:
      return "DELETE";
  }
  return "POST";
}

Error malformed_operation(std::string_view what) {
  return refuse(ScimType::invalid_syntax, "An operation of a bulk request " + std::string(what) + ".");
}

std::string_view text_member(const json::object& object, std::string_view name) {
  const auto* value = find_member(object, name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

Error too_large(std::string message) {
  Error error = malformed(std::move(message));
  error.code = ErrorCode::too_large;
  return error;
}

// "/Users" or "/Users/id".
Result<void> set_path(BulkOperation& operation, std::string_view path) {
  for (const auto& type : resource_types()) {
    if (!path.starts_with(type.endpoint)) continue;
    const auto rest = path.substr(type.endpoint.size());
    if (!rest.empty() && rest.front() != '/') continue;
    operation.type = &type;
    operation.id = rest.substr(std::min<std::size_t>(rest.size(), 1));
  }
  if (operation.type == nullptr) return malformed_operation("needs a path such as /Users or /Groups/id");
  const bool has_id =
      !operation.id.empty() && operation.id.find_first_of(std::string_view("/\0", 2)) == std::string::npos;
  if (operation.method == Method::post && !operation.id.empty()) {
    return malformed_operation("that creates has a path without an id, such as /Users");
  }
  if (operation.method != Method::post && !has_id) {
    return malformed_operation("that changes needs a path with an id, such as /Users/id");
  }
  return {};
}

Result<void> read_operation(const json::value& value, BulkOperation& operation) {
  const auto* object = value.if_object();
  if (object == nullptr) return malformed_operation("must be an object");
  operation.bulk_id = text_member(*object, "bulkId");
  operation.version = text_member(*object, "version");
  const auto method = method_of(text_member(*object, "method"));
  if (!method) return malformed_operation("needs a method: POST, PUT, PATCH or DELETE");
  operation.method = *method;
  TRY(set_path(operation, text_member(*object, "path")));
  if (operation.method == Method::post && operation.bulk_id.empty()) {
    return malformed_operation("that creates needs a bulkId");
  }
  if (operation.method == Method::remove) return {};
  const auto* data = find_member(*object, "data");
  if (data == nullptr || !data->is_object()) return malformed_operation("needs an object as data");
  operation.data = data->get_object();
  return {};
}

// Calls `use` with each text that is a reference; as deep as the JSON that was read.
void for_each_reference(json::value& value, const std::function<void(json::string&)>& use) {
  if (auto* text = value.if_string()) {
    if (std::string_view(*text).starts_with(kReference)) use(*text);
  } else if (auto* list = value.if_array()) {
    for (auto& each : *list) for_each_reference(each, use);
  } else if (auto* object = value.if_object()) {
    for (auto& member : *object) for_each_reference(member.value(), use);
  }
}

std::vector<std::string> references(const BulkOperation& operation) {
  std::vector<std::string> names;
  json::value data = operation.data;
  for_each_reference(data, [&](json::string& text) {
    names.emplace_back(std::string_view(text).substr(kReference.size()));
  });
  if (operation.id.starts_with(kReference)) names.push_back(operation.id.substr(kReference.size()));
  return names;
}

Error unknown_reference() {
  return conflict("An operation refers to a bulkId that no operation of this request creates.");
}

// The order, and a refusal for what cannot have a place in it.
void put_in_order(BulkRequest& request) {
  auto& operations = request.operations;
  std::map<std::string, std::size_t, std::less<>> creators;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    auto& operation = operations[i];
    if (operation.refusal || operation.method != Method::post) continue;
    if (!creators.emplace(operation.bulk_id, i).second) {
      operation.refusal = malformed_operation("has the bulkId of another one");
    }
  }
  std::vector<std::vector<std::size_t>> followers(operations.size());
  std::vector<std::size_t> waits_for(operations.size(), 0);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (operations[i].refusal) continue;
    for (const auto& name : references(operations[i])) {
      const auto creator = creators.find(name);
      if (creator == creators.end()) {
        operations[i].refusal = unknown_reference();
        break;
      }
      followers[creator->second].push_back(i);
      ++waits_for[i];
    }
  }
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (operations[i].refusal || waits_for[i] == 0) ready.push(i);
  }
  std::vector<bool> placed(operations.size(), false);
  while (!ready.empty()) {
    const auto next = ready.top();
    ready.pop();
    if (placed[next]) continue;
    placed[next] = true;
    request.order.push_back(next);
    for (const auto follower : followers[next]) {
      if (--waits_for[follower] == 0) ready.push(follower);
    }
  }
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (placed[i]) continue;
    operations[i].refusal = conflict("Operations refer to each other in a circle.");
    request.order.push_back(i);
  }
}

}  // namespace

Result<BulkRequest> read_bulk(const json::object& body, std::size_t body_bytes, const BulkSupport& limits) {
  if (body_bytes > limits.max_payload_bytes) {
    return too_large("A bulk request takes at most " + std::to_string(limits.max_payload_bytes) + " bytes.");
  }
  if (!lists_schema(body, kBulkRequestUrn)) {
    return refuse(ScimType::invalid_syntax, "'schemas' must contain " + std::string(kBulkRequestUrn) + ".",
                  "schemas");
  }
  BulkRequest request;
  if (const auto* most = find_member(body, "failOnErrors"); most != nullptr && !most->is_null()) {
    if (!most->is_int64() || most->get_int64() < 1) {
      return refuse(ScimType::invalid_value, "failOnErrors must be a whole number from 1 on.",
                    "failOnErrors");
    }
    request.fail_on_errors = static_cast<std::uint64_t>(most->get_int64());
  }
  const auto* list = find_member(body, "Operations");
  if (list == nullptr || !list->is_array()) {
    return refuse(ScimType::invalid_syntax, "'Operations' must be a list of operations.", "Operations");
  }
  if (list->get_array().size() > limits.max_operations) {
    return too_large("A bulk request takes at most " + std::to_string(limits.max_operations) +
                     " operations.");
  }
  for (const auto& each : list->get_array()) {
    BulkOperation operation;
    if (const auto read = read_operation(each, operation); !read.ok()) operation.refusal = read.error();
    request.operations.push_back(std::move(operation));
  }
  put_in_order(request);
  return request;
}

Result<void> resolve(BulkOperation& operation, const BulkIds& ids) {
  bool all_known = true;
  const auto id_of = [&](std::string_view reference) {
    const auto found = ids.find(reference.substr(kReference.size()));
    all_known = all_known && found != ids.end();
    return found == ids.end() ? std::string() : found->second;
  };
  json::value data = std::move(operation.data);
  for_each_reference(data, [&](json::string& text) { text = id_of(text); });
  operation.data = std::move(data.get_object());
  if (operation.id.starts_with(kReference)) operation.id = id_of(operation.id);
  if (!all_known) return conflict("What the operation refers to was not created.");
  return {};
}

json::object bulk_result(const BulkOperation& operation, int status, std::string_view location,
                         std::string_view version, std::optional<json::object> error) {
  json::object result;
  result["method"] = name_of(operation.method);
  if (!operation.bulk_id.empty()) result["bulkId"] = operation.bulk_id;
  if (!location.empty()) result["location"] = location;
  if (!version.empty()) result["version"] = version;
  result["status"] = std::to_string(status);
  if (error) result["response"] = std::move(*error);
  return result;
}

json::object bulk_response(json::array results) {
  json::object body;
  body["schemas"] = json::array{kBulkResponseUrn};
  body["Operations"] = std::move(results);
  return body;
}

}  // namespace latchkey::scim
