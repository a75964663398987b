#include "http/form_body.h"

#include "base/text.h"

namespace latchkey::http {

Result<FormPairs> parse_form(std::string_view text, std::string_view what) {
  FormPairs pairs;
  if (text.empty()) return pairs;
  for (const auto part : split(text, '&')) {
    const auto equals = part.find('=');
    const auto name = percent_decode(part.substr(0, equals), true);
    const auto value =
        equals == std::string_view::npos ? std::string() : percent_decode(part.substr(equals + 1), true);
    if (!name || !value || !utf8_length(*name) || !utf8_length(*value)) {
      return malformed("the " + std::string(what) + " has an invalid percent escape");
    }
    pairs.emplace_back(*name, *value);
  }
  return pairs;
}

Result<FormPairs> form_of(const io::Request& request) {
  const auto type = request.header("Content-Type").value_or("application/x-www-form-urlencoded");
  if (!equals_ignore_case(trim(type.substr(0, type.find(';'))), "application/x-www-form-urlencoded")) {
    return malformed("the body must be application/x-www-form-urlencoded");
  }
  return parse_form(request.body, "form");
}

Result<std::optional<std::string>> form_value(const FormPairs& form, std::string_view name) {
  std::optional<std::string> found;
  for (const auto& [each, value] : form) {
    if (each != name) continue;
    if (found) return malformed(std::string(name) + " is given twice", std::string(name));
    found = value;
  }
  if (found && found->empty()) found.reset();
  return found;
}

}  // namespace latchkey::http
