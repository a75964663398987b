#include "http/api/oauth.h"

#include <boost/json/object.hpp>

#include "base/text.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

// What follows a "?" are options for a stock client's command line.
SecretString without_options(std::string text) {
  const auto options = text.find('?');
  if (options != std::string::npos) text.resize(options);
  return SecretString(std::move(text));
}

// The password of Basic, form-encoded within it. Stock clients that have no secret send an empty one.
std::optional<std::string> basic_password(const io::Request& request) {
  const auto header = request.header("Authorization");
  if (!header) return std::nullopt;
  const auto space = header->find(' ');
  if (space == std::string_view::npos || !equals_ignore_case(header->substr(0, space), "Basic")) {
    return std::nullopt;
  }
  const auto pair = from_base64(header->substr(space + 1));
  if (!pair) return std::nullopt;
  const auto colon = pair->find(':');
  if (colon == std::string::npos || colon + 1 == pair->size()) return std::nullopt;
  return percent_decode(std::string_view(*pair).substr(colon + 1), true);
}

}  // namespace

Result<std::optional<PresentedClient>> presented_client(const io::Request& request, const FormPairs& form) {
  if (request.count("Authorization") > 1) {
    return malformed("send one Authorization header, not several", "Authorization");
  }
  auto secret = basic_password(request);
  TRY(auto in_form, form_value(form, "client_secret"));
  if (secret && in_form && *secret != *in_form) {
    return malformed("one secret is in the Authorization header, another in the form: send one",
                     "client_secret");
  }
  if (!secret) secret = std::move(in_form);
  if (!secret) return std::optional<PresentedClient>();
  auto text = without_options(*std::move(secret));
  const auto parsed = credentials::parse_key_text(text.expose());
  if (!parsed || parsed->type != credentials::KeyType::client) return std::optional<PresentedClient>();
  return std::optional(PresentedClient{*parsed, std::move(text)});
}

io::Response oauth_error(const Error& error, std::string_view word) {
  auto response = error_response(error);
  boost::json::object body;
  body["error"] = word;
  body["error_description"] = redact_keys(error.message);
  body["message"] = redact_keys(error.message);
  body["status"] = status_of(error.code);
  auto shown = json_response(body);
  response.body = std::move(shown.body);
  response.headers.push_back({"Cache-Control", "no-store"});
  if (error.code == ErrorCode::unauthenticated) {
    std::erase_if(response.headers, [](const io::Header& header) {
      return equals_ignore_case(header.name, "WWW-Authenticate");
    });
    response.headers.push_back({"WWW-Authenticate", "Basic realm=\"latchkey\""});
  }
  return response;
}

}  // namespace latchkey::http
