// The SCIM engine behind a pipe, for tests that compare it with other implementations: a JSON object a line
// on standard input, one a line on standard output.
//
//   {"type": "User", "document": {...}, "filter": "..."}     -> {"matches": true, "printed": "..."}
//   {"type": "User", "document": {...}, "operations": [...]} -> {"document": {...}, "changed": true}
//   refused                                                  -> {"error": "invalidFilter", "detail": "..."}
#include <boost/json.hpp>
#include <iostream>
#include <string>

#include "core/scim/document.h"
#include "core/scim/filter_match.h"
#include "core/scim/patch.h"
#include "core/scim/strict_json.h"

namespace {

using namespace latchkey;
namespace json = boost::json;

json::object refused(const Error& error) {
  json::object answer;
  answer["error"] = error.protocol_code;
  answer["detail"] = error.message;
  return answer;
}

Result<json::object> evaluate(const scim::ResourceType& type, const json::object& request) {
  TRY(const auto filter, scim::parse_filter(type, std::string_view(request.at("filter").as_string())));
  json::object answer;
  answer["matches"] = scim::matches(filter, request.at("document").as_object());
  answer["printed"] = scim::print(filter);
  return answer;
}

Result<json::object> patch(const scim::ResourceType& type, const json::object& request) {
  json::object body;
  body["schemas"] = json::array{scim::kPatchOpUrn};
  body["Operations"] = request.at("operations");
  TRY(const auto operations, scim::read_patch(body));
  TRY(auto patched, scim::apply_patch(type, request.at("document").as_object(), operations));
  json::object answer;
  answer["document"] = std::move(patched.document);
  answer["changed"] = patched.changed;
  return answer;
}

Result<json::object> answer(const std::string& line) {
  TRY(const auto request, scim::read_json_object(line));
  const auto& type = request.at("type") == "Group" ? scim::group_type() : scim::user_type();
  return request.contains("filter") ? evaluate(type, request) : patch(type, request);
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto given = answer(line);
    std::cout << json::serialize(given.ok() ? *given : refused(given.error())) << '\n';
  }
  return 0;
}
