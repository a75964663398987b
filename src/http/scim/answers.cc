#include "http/scim/answers.h"

#include <boost/json.hpp>

#include "base/text.h"
#include "core/scim/document.h"
#include "core/scim/list_query.h"
#include "core/scim/refusal.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

// When a provider may try again: it has other work meanwhile.
constexpr const char* kRetryAfterSeconds = "60";

std::string location_of(const boost::json::object& document) {
  const auto* meta = document.if_contains("meta");
  return meta != nullptr && meta->is_object() ? scim::text_in(meta->get_object(), "location") : std::string();
}

}  // namespace

io::Response scim_response(const boost::json::object& body, int status) {
  io::Response response = json_response(body);
  response.content_type = "application/scim+json";
  response.status = status;
  return response;
}

io::Response scim_error_response(const Error& error) {
  const int status = status_of(error.code);
  Error shown = error;
  if (error.code == ErrorCode::unauthenticated) shown.message = "A valid SCIM key is needed.";
  if (error.code == ErrorCode::internal) shown.message = "The server failed. Its log has the reason.";
  shown.message = redact_keys(shown.message);
  io::Response response = scim_response(scim::error_body(shown, status), status);
  if (error.code == ErrorCode::unauthenticated) {
    response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"scim\""});
  }
  if (error.code == ErrorCode::method_not_allowed) {
    std::string methods;
    for (const auto& method : error.fields) methods += methods.empty() ? method : ", " + method;
    response.headers.push_back({"Allow", methods});
  }
  if (error.code == ErrorCode::rate_limited || error.code == ErrorCode::unavailable) {
    response.headers.push_back({"Retry-After", kRetryAfterSeconds});
  }
  return response;
}

io::Response scim_refusal(int status, std::string_view detail) {
  Error error;
  error.message = detail;
  return scim_response(scim::error_body(error, status), status);
}

bool is_scim_media_type(const io::Request& request) {
  const auto header = request.header("Content-Type");
  if (!header) return true;
  const auto type = trim(header->substr(0, header->find(';')));
  return equals_ignore_case(type, "application/scim+json") || equals_ignore_case(type, "application/json");
}

std::string scim_base_url(const Context& context) {
  return context.public_url + "/scim/v2";
}

Result<scim::Projection> asked_projection(const scim::ResourceType& type, const Call& call) {
  TRY(const auto query, scim::ListQuery::from_address(call.request.query()));
  return scim::Projection::make(type, query.attributes, query.excluded_attributes);
}

io::Response resource_response(const boost::json::object& document, const std::string& version,
                               const scim::Projection& projection, int status) {
  auto response = scim_response(projection.apply(document), status);
  if (auto location = location_of(document); !location.empty()) {
    response.headers.push_back({"Location", std::move(location)});
  }
  response.headers.push_back({"ETag", version});
  return response;
}

}  // namespace latchkey::http
