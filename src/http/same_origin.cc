#include "http/same_origin.h"

#include "base/text.h"

namespace latchkey::http {
namespace {

constexpr std::string_view kElsewhere = "this request does not come from a page of this server";

bool is_json(const io::Request& request) {
  const auto type = request.header("Content-Type");
  return type && equals_ignore_case(trim(type->substr(0, type->find(';'))), "application/json");
}

}  // namespace

std::string origin_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  return std::string(url.substr(0, url.find('/', scheme + 3)));
}

Result<void> check_same_origin(const io::Request& request, std::string_view public_url) {
  if (request.count("Sec-Fetch-Site") > 1 || request.count("Origin") > 1) {
    return forbidden(std::string(kElsewhere));
  }
  if (const auto site = request.header("Sec-Fetch-Site")) {
    if (*site == "same-origin") return {};
    return forbidden(std::string(kElsewhere));
  }
  const auto origin = request.header("Origin");
  const auto mine = origin_of(public_url);
  if (origin && !mine.empty() && equals_ignore_case(*origin, mine)) return {};
  return forbidden(std::string(kElsewhere));
}

Result<void> check_console_change(const io::Request& request, std::string_view public_url) {
  TRY(check_same_origin(request, public_url));
  if (request.header("X-Latchkey-CSRF") != "1") {
    return forbidden("a change with a session needs the header X-Latchkey-CSRF: 1");
  }
  if (!is_json(request)) return forbidden("a change with a session needs Content-Type: application/json");
  return {};
}

}  // namespace latchkey::http
