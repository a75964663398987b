#include "core/scim/refusal.h"

#include <utility>

#include "base/text.h"
#include "core/scim/schema.h"

namespace latchkey::scim {

std::string_view to_string(ScimType type) {
  switch (type) {
    case ScimType::invalid_filter:
      return "invalidFilter";
    case ScimType::too_many:
      return "tooMany";
    case ScimType::uniqueness:
      return "uniqueness";
    case ScimType::mutability:
      return "mutability";
    case ScimType::invalid_syntax:
      return "invalidSyntax";
    case ScimType::invalid_path:
      return "invalidPath";
    case ScimType::no_target:
      return "noTarget";
    case ScimType::invalid_value:
      return "invalidValue";
    case ScimType::invalid_vers:
      return "invalidVers";
    case ScimType::sensitive:
      return "sensitive";
  }
  return "invalidValue";
}

Error refuse(ScimType type, std::string detail, std::string attribute) {
  Error error = malformed(std::move(detail), std::move(attribute));
  if (type == ScimType::uniqueness) error.code = ErrorCode::conflict;
  error.protocol_code = to_string(type);
  return error;
}

boost::json::object error_body(const Error& error, int status) {
  boost::json::object body;
  body["schemas"] = boost::json::array{kErrorUrn};
  body["status"] = std::to_string(status);
  if ((status == 400 || status == 409) && !error.protocol_code.empty()) {
    body["scimType"] = error.protocol_code;
  }
  const std::string detail = redact_keys(error.message);
  body["detail"] = detail.empty() ? "The request could not be carried out." : detail;
  return body;
}

}  // namespace latchkey::scim
