// The whole list of what this server answers over HTTP.
#pragma once

#include <span>
#include <string_view>

#include "http/context.h"

namespace latchkey::http {

enum class Access {
  anyone,    // no credential is looked at
  visitor,   // pages: a person, if the session's cookie says who
  caller,    // an API token, or the local administrator on the local socket; cookies count for nothing
  console,   // a session's cookie; without one, as a caller
  local,     // only on the local socket
  provider,  // a SCIM key
};

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/api/v2/tailnet/{tailnet}/keys"; elements in braces match any one element
  std::string_view operation_id;  // as in api/openapi.yaml
  Access access;
  bool writes;  // counts against the caller's request rate
  CallHandler handler;
};

std::span<const Route> routes();

}  // namespace latchkey::http
