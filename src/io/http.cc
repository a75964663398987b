#include "io/http.h"

#include <algorithm>

#include "base/text.h"

namespace latchkey::io {

std::string_view Request::path() const {
  return std::string_view{target}.substr(0, target.find('?'));
}

std::string_view Request::query() const {
  auto mark = target.find('?');
  if (mark == std::string::npos) return {};
  return std::string_view{target}.substr(mark + 1);
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const auto& header : headers) {
    if (equals_ignore_case(header.name, name)) return header.value;
  }
  return std::nullopt;
}

std::size_t Request::count(std::string_view name) const {
  auto same = [name](const Header& header) { return equals_ignore_case(header.name, name); };
  return static_cast<std::size_t>(std::ranges::count_if(headers, same));
}

}  // namespace latchkey::io
