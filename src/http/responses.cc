#include "http/responses.h"

#include <boost/json.hpp>

#include "base/text.h"

namespace latchkey::http {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed_input:
      return 400;
    case ErrorCode::unauthenticated:
      return 401;
    case ErrorCode::forbidden:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::method_not_allowed:
      return 405;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::precondition_failed:
      return 412;
    case ErrorCode::too_large:
      return 413;
    case ErrorCode::rate_limited:
      return 429;
    case ErrorCode::internal:
      return 500;
    case ErrorCode::unavailable:
      return 503;
  }
  return 500;
}

io::Response json_response(const boost::json::object& body) {
  io::Response response;
  response.body = boost::json::serialize(body);
  return response;
}

io::Response secret_response(const boost::json::object& body) {
  io::Response response = json_response(body);
  response.sensitive = true;
  return response;
}

io::Response list_response(const boost::json::array& body) {
  io::Response response;
  response.body = boost::json::serialize(body);
  return response;
}

io::Response secret_list_response(const boost::json::array& body) {
  io::Response response = list_response(body);
  response.sensitive = true;
  return response;
}

io::Response empty_response() {
  io::Response response;
  response.body = "{}";
  return response;
}

io::Response unprocessable_response(std::string_view message) {
  constexpr int kUnprocessable = 422;
  io::Response response = json_response({{"message", message}, {"status", kUnprocessable}});
  response.status = kUnprocessable;
  return response;
}

io::Response error_response(const Error& error) {
  const int status = status_of(error.code);
  boost::json::object body;
  body["message"] = redact_keys(error.message);
  body["status"] = status;
  if (error.code == ErrorCode::malformed_input && !error.fields.empty()) {
    body["fields"] = boost::json::array(error.fields.begin(), error.fields.end());
  }
  io::Response response = json_response(body);
  response.status = status;
  switch (error.code) {
    case ErrorCode::unauthenticated:
      response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"latchkey\", Basic realm=\"latchkey\""});
      break;
    case ErrorCode::method_not_allowed: {
      std::string methods;
      for (const auto& method : error.fields) methods += methods.empty() ? method : ", " + method;
      response.headers.push_back({"Allow", methods});
      break;
    }
    case ErrorCode::rate_limited:
    case ErrorCode::unavailable:
      response.headers.push_back({"Retry-After", "1"});
      break;
    default:
      break;
  }
  return response;
}

}  // namespace latchkey::http
