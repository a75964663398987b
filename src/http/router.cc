#include "http/router.h"

#include <algorithm>

#include "base/text.h"

namespace latchkey::http {
namespace {

bool is_parameter(std::string_view element) {
  return element.starts_with('{');
}

std::string_view strip(std::string_view path, std::string_view prefix) {
  while (path.starts_with("//")) path.remove_prefix(1);
  if (!prefix.empty() && path.starts_with(prefix) && path.substr(prefix.size()).starts_with('/')) {
    path.remove_prefix(prefix.size());
    while (path.starts_with("//")) path.remove_prefix(1);
  }
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

Router::Router(std::span<const Route> routes, std::string prefix) : prefix_(std::move(prefix)) {
  while (prefix_.ends_with('/')) prefix_.pop_back();
  for (const auto& route : routes) patterns_.push_back({&route, split(route.pattern.substr(1), '/')});
}

Result<std::vector<std::string>> Router::elements_of(std::string_view path) const {
  std::vector<std::string> elements;
  for (const auto raw : split(strip(path, prefix_), '/')) {
    auto element = percent_decode(raw);
    if (!element || element->find('\0') != std::string::npos || !utf8_length(*element)) {
      return malformed("the path has an invalid percent escape");
    }
    elements.push_back(*std::move(element));
  }
  return elements;
}

bool Router::is_below(std::string_view path, std::string_view top) const {
  const auto elements = elements_of(path);
  const auto first = split(top, '/');
  return elements && elements->size() >= first.size() &&
         std::equal(first.begin(), first.end(), elements->begin());
}

Result<Match> Router::find(std::string_view method, std::string_view path) const {
  // HEAD is GET without the body, which the connection leaves out.
  if (method == "HEAD") method = "GET";
  TRY(auto elements, elements_of(path));

  Error wrong_method{ErrorCode::method_not_allowed, "method not allowed here", {}, {}};
  for (const auto& pattern : patterns_) {
    if (pattern.elements.size() != elements.size()) continue;
    bool fits = true;
    for (std::size_t at = 0; at < elements.size() && fits; ++at) {
      fits =
          is_parameter(pattern.elements[at]) ? !elements[at].empty() : pattern.elements[at] == elements[at];
    }
    if (!fits) continue;
    if (pattern.route->method != method) {
      wrong_method.fields.emplace_back(pattern.route->method);
      continue;
    }
    Match match{pattern.route, {}};
    for (std::size_t at = 0; at < elements.size(); ++at) {
      const auto name = pattern.elements[at];
      if (is_parameter(name)) match.path.emplace(name.substr(1, name.size() - 2), std::move(elements[at]));
    }
    return match;
  }
  if (!wrong_method.fields.empty()) return wrong_method;
  return not_found("404 page not found");  // upstream's text
}

}  // namespace latchkey::http
