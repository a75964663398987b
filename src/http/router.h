// Finds the route for a request target. Pure.
//
// The raw path is split on '/' first and each element decoded afterwards, so that %2F in an element does not
// split it. Repeated slashes in front count as one, a trailing one is ignored, and a redirect is never the
// answer: clients turn a redirected POST into a GET.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/routes.h"

namespace latchkey::http {

struct Match {
  const Route* route;
  std::map<std::string, std::string, std::less<>> path;
};

class Router {
 public:
  // `prefix` is where a proxy mounts this server, such as "/latchkey"; empty for the root. Requests with and
  // without it are served.
  explicit Router(std::span<const Route> routes, std::string prefix = {});

  // not_found, method_not_allowed (fields name the methods there are), or malformed_input for bad escapes.
  Result<Match> find(std::string_view method, std::string_view path) const;
  // Whether the path is this one or below it, however its letters are escaped: "scim/v2".
  bool is_below(std::string_view path, std::string_view top) const;

 private:
  Result<std::vector<std::string>> elements_of(std::string_view path) const;

  struct Pattern {
    const Route* route;
    std::vector<std::string_view> elements;
  };
  std::vector<Pattern> patterns_;
  std::string prefix_;
};

}  // namespace latchkey::http
