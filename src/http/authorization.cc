#include "http/authorization.h"

#include "base/text.h"
#include "core/credentials/authenticate.h"

namespace latchkey::http {

Result<SecretString> presented_token(const io::Request& request) {
  if (request.count("Authorization") > 1) {
    return malformed("send one Authorization header, not several", "Authorization");
  }
  const auto header = request.header("Authorization");
  const auto none = [] { return unauthenticated(std::string(credentials::kApiTokenInvalid)); };
  if (!header) return none();
  const auto space = header->find(' ');
  if (space == std::string_view::npos) return none();
  const auto scheme = header->substr(0, space);
  // No trimming: white space inside or after a token makes it another token.
  const auto value = header->substr(space + 1);
  if (equals_ignore_case(scheme, "Bearer")) return SecretString(std::string(value));
  if (equals_ignore_case(scheme, "Basic")) {
    auto decoded = from_base64(value);
    if (!decoded) return none();
    const SecretString pair(*std::move(decoded));
    return SecretString(pair.expose().substr(0, pair.expose().find(':')));
  }
  return none();
}

Result<SecretString> presented_scim_key(const io::Request& request) {
  const auto none = [] { return unauthenticated(std::string(credentials::kScimKeyInvalid)); };
  const auto header = request.header("Authorization");
  if (!header || request.count("Authorization") > 1) return none();
  const auto space = header->find(' ');
  if (space == std::string_view::npos) return SecretString(std::string(*header));
  if (!equals_ignore_case(header->substr(0, space), "Bearer")) return none();
  return SecretString(std::string(header->substr(space + 1)));
}

}  // namespace latchkey::http
