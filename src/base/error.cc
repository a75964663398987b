#include "base/error.h"

namespace latchkey {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed_input:
      return "malformed_input";
    case ErrorCode::unauthenticated:
      return "unauthenticated";
    case ErrorCode::forbidden:
      return "forbidden";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::method_not_allowed:
      return "method_not_allowed";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::precondition_failed:
      return "precondition_failed";
    case ErrorCode::too_large:
      return "too_large";
    case ErrorCode::rate_limited:
      return "rate_limited";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

namespace {
Error make(ErrorCode code, std::string message, std::string detail = {}) {
  return Error{code, std::move(message), std::move(detail), {}, code == ErrorCode::forbidden, {}};
}
}  // namespace

Error malformed(std::string message, std::string field) {
  Error error = make(ErrorCode::malformed_input, std::move(message));
  if (!field.empty()) error.fields.push_back(std::move(field));
  return error;
}
Error unauthenticated(std::string message) {
  return make(ErrorCode::unauthenticated, std::move(message));
}
Error forbidden(std::string message) {
  return make(ErrorCode::forbidden, std::move(message));
}
Error not_found(std::string message) {
  return make(ErrorCode::not_found, std::move(message));
}
Error conflict(std::string message) {
  return make(ErrorCode::conflict, std::move(message));
}
Error precondition_failed(std::string message) {
  return make(ErrorCode::precondition_failed, std::move(message));
}
Error unavailable(std::string message, std::string detail) {
  return make(ErrorCode::unavailable, std::move(message), std::move(detail));
}

}  // namespace latchkey
