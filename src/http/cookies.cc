#include "http/cookies.h"

#include <fmt/format.h>

#include "base/text.h"

namespace latchkey::http {

std::optional<std::string> cookie_of(const io::Request& request, std::string_view name) {
  std::optional<std::string> found;
  for (const auto& header : request.headers) {
    if (!equals_ignore_case(header.name, "Cookie")) continue;
    for (const auto part : split(header.value, ';')) {
      const auto pair = trim(part);
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
      if (found) return std::nullopt;
      found = std::string(pair.substr(equals + 1));
    }
  }
  return found;
}

io::Header set_cookie(std::string_view name, std::string_view value, std::optional<seconds> life) {
  auto text = fmt::format("{}={}; Path=/; Secure; HttpOnly; SameSite=Lax", name, value);
  if (life) text += fmt::format("; Max-Age={}", life->count());
  return {"Set-Cookie", std::move(text)};
}

io::Header drop_cookie(std::string_view name) {
  return set_cookie(name, "", seconds{0});
}

}  // namespace latchkey::http
