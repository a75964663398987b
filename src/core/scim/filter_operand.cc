#include "core/scim/filter_operand.h"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <utility>

#include "base/text.h"
#include "core/scim/refusal.h"

namespace latchkey::scim {
namespace {

using Operator = Filter::Operator;
using Operand = Filter::Operand;

constexpr std::array<std::pair<std::string_view, Operator>, 9> kOperators{{
    {"eq", Operator::eq},
    {"ne", Operator::ne},
    {"co", Operator::co},
    {"sw", Operator::sw},
    {"ew", Operator::ew},
    {"gt", Operator::gt},
    {"ge", Operator::ge},
    {"lt", Operator::lt},
    {"le", Operator::le},
}};

bool is_equality(Operator op) {
  return op == Operator::eq || op == Operator::ne;
}
bool is_about_parts_of_texts(Operator op) {
  return op == Operator::co || op == Operator::sw || op == Operator::ew;
}

Error refused(const Filter& filter, std::string_view what) {
  return refuse(ScimType::invalid_filter, "'" + filter.name + "' " + std::string(what) + ".", filter.name);
}

bool is_json_number(std::string_view text) {
  boost::json::error_code failed;
  const auto value = boost::json::parse(text, failed);
  return !failed && value.is_number();
}

// What the comparison is about: the last part of the path.
const Attribute* compared(const Filter& filter) {
  return filter.path.sub != nullptr ? filter.path.sub : filter.path.attribute;
}

Result<void> aim_at_value(Filter& filter) {
  const auto* attribute = compared(filter);
  if (attribute == nullptr || attribute->type != Type::complex || filter.operand == Operand::null) return {};
  const auto* value = attribute->sub("value");
  if (value == nullptr) return refused(filter, "has parts: compare one of them");
  filter.path.sub = value;
  filter.name += ".value";
  return {};
}

Result<void> fit_boolean(Filter& filter) {
  if (!is_equality(filter.op)) return refused(filter, "is true or false: only eq, ne and pr fit");
  if (filter.operand == Operand::boolean) return {};
  const bool is_true = equals_ignore_case(filter.text, "true");
  if (!is_true && !equals_ignore_case(filter.text, "false")) {
    return refused(filter, "can only be compared with true or false");
  }
  filter.operand = Operand::boolean;
  filter.flag = is_true;
  filter.text.clear();
  return {};
}

Result<void> fit_time(Filter& filter) {
  if (is_about_parts_of_texts(filter.op)) return refused(filter, "is a time: co, sw and ew do not fit");
  const auto time = from_rfc3339(filter.text);
  if (!time) return refused(filter, "can only be compared with a time such as \"2026-01-31T12:00:00Z\"");
  filter.operand = Operand::time;
  filter.time = *time;
  return {};
}

Result<void> fit(Filter& filter) {
  const auto* attribute = compared(filter);
  if (attribute == nullptr) return {};
  switch (attribute->type) {
    case Type::boolean:
      return fit_boolean(filter);
    case Type::date_time:
      return fit_time(filter);
    case Type::binary:
      if (!is_equality(filter.op)) return refused(filter, "is binary: only eq, ne and pr fit");
      return {};
    case Type::text:
    case Type::reference:
      return {};
    case Type::integer:
    case Type::complex:
      break;
  }
  return refused(filter, "cannot be compared");
}

}  // namespace

std::optional<Operator> filter_operator(std::string_view word) {
  for (const auto& [name, op] : kOperators) {
    if (equals_ignore_case(name, word)) return op;
  }
  return std::nullopt;
}

std::string_view to_string(Operator op) {
  for (const auto& [name, each] : kOperators) {
    if (each == op) return name;
  }
  return "eq";
}

Result<void> set_operand(Filter& filter, std::string_view text, bool quoted) {
  filter.operand = Operand::text;
  filter.text = text;
  if (!quoted && equals_ignore_case(text, "null")) {
    if (!is_equality(filter.op)) return refused(filter, "can only be compared with null by eq and ne");
    filter.operand = Operand::null;
    filter.text.clear();
    return {};
  }
  const bool is_keyword = equals_ignore_case(text, "true") || equals_ignore_case(text, "false");
  if (!quoted && !is_keyword && !is_json_number(text) &&
      (filter.op != Operator::eq || text.starts_with('\''))) {
    return refused(filter, "must be compared with a text in double quotes");
  }
  TRY(aim_at_value(filter));
  return fit(filter);
}

}  // namespace latchkey::scim
