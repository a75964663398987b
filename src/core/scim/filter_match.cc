#include "core/scim/filter_match.h"

#include <algorithm>

#include "base/text.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;
using Kind = Filter::Kind;
using Operator = Filter::Operator;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Whether the text has the part, in time that grows with the sum of their lengths (Knuth, Morris and Pratt):
// both come from clients.
template <class Fold>
bool found(std::string_view text, std::string_view part, Fold fold) {
  if (part.size() > text.size()) return false;
  // For each beginning of the part: how much of it stands at its own end too.
  std::vector<std::size_t> borders(part.size() + 1, 0);
  const auto advance = [&](std::size_t matched, char c) {
    while (matched > 0 && (matched == part.size() || fold(part[matched]) != fold(c)))
      matched = borders[matched];
    return matched < part.size() && fold(part[matched]) == fold(c) ? matched + 1 : matched;
  };
  for (std::size_t i = 1; i < part.size(); ++i) borders[i + 1] = advance(borders[i], part[i]);
  std::size_t matched = 0;
  for (const char c : text) {
    if (matched == part.size()) break;
    matched = advance(matched, c);
  }
  return matched == part.size();
}

// Comparison of texts, with or without case, that copies nothing.
class TextOrder {
 public:
  explicit TextOrder(bool case_exact) : case_exact_(case_exact) {}

  bool equal(std::string_view a, std::string_view b) const {
    return case_exact_ ? a == b : equals_ignore_case(a, b);
  }
  bool less(std::string_view a, std::string_view b) const {
    if (case_exact_) return a < b;
    return std::ranges::lexicographical_compare(a, b, [](char x, char y) {
      return static_cast<unsigned char>(lower(x)) < static_cast<unsigned char>(lower(y));
    });
  }
  bool contains(std::string_view text, std::string_view part) const {
    return found(text, part, [this](char c) { return case_exact_ ? c : lower(c); });
  }

 private:
  bool case_exact_;
};

template <class Value, class Less>
bool in_order(Operator op, const Value& held, const Value& wanted, Less less) {
  switch (op) {
    case Operator::gt:
      return less(wanted, held);
    case Operator::ge:
      return !less(held, wanted);
    case Operator::lt:
      return less(held, wanted);
    case Operator::le:
      return !less(wanted, held);
    default:
      return false;
  }
}

bool text_holds(const Filter& filter, const Attribute& attribute, std::string_view held) {
  const TextOrder order(attribute.case_exact);
  const std::string_view wanted = filter.text;
  const auto less = [&](std::string_view a, std::string_view b) { return order.less(a, b); };
  switch (filter.op) {
    case Operator::eq:
      return order.equal(held, wanted);
    case Operator::ne:
      return !order.equal(held, wanted);
    case Operator::co:
      return order.contains(held, wanted);
    case Operator::sw:
      return order.equal(held.substr(0, wanted.size()), wanted);
    case Operator::ew:
      return held.size() >= wanted.size() && order.equal(held.substr(held.size() - wanted.size()), wanted);
    default:
      return in_order(filter.op, held, wanted, less);
  }
}

bool time_holds(const Filter& filter, std::string_view held_text) {
  const auto held = from_rfc3339(held_text);
  if (!held) return filter.op == Operator::ne;
  if (filter.op == Operator::eq) return *held == filter.time;
  if (filter.op == Operator::ne) return *held != filter.time;
  return in_order(filter.op, *held, filter.time, std::less<>());
}

bool is_present(const json::value* value) {
  if (value == nullptr || value->is_null()) return false;
  if (const auto* text = value->if_string()) return !text->empty();
  if (const auto* list = value->if_array()) {
    return std::ranges::any_of(*list, [](const json::value& each) { return is_present(&each); });
  }
  if (const auto* object = value->if_object()) {
    return std::ranges::any_of(*object, [](const auto& member) { return is_present(&member.value()); });
  }
  return true;
}

// A single value, or none, against an operand that fits the attribute.
bool value_holds(const Filter& filter, const Attribute& attribute, const json::value* value) {
  if (!is_present(value)) {
    const bool is_null = filter.operand == Filter::Operand::null;
    return (filter.op == Operator::ne) != is_null;
  }
  switch (filter.operand) {
    case Filter::Operand::null:
      return filter.op == Operator::ne;
    case Filter::Operand::boolean:
      return value->is_bool() && (value->get_bool() == filter.flag) == (filter.op == Operator::eq);
    case Filter::Operand::time:
      return value->is_string() && time_holds(filter, value->get_string());
    case Filter::Operand::text:
      return value->is_string() && text_holds(filter, attribute, value->get_string());
  }
  return false;
}

const json::value* member_of(const json::value& value, const Attribute& attribute) {
  const auto* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(attribute.name);
}

// The attribute of the path in the document; null when it is absent.
const json::value* find(const AttributePath& path, const json::object& document) {
  if (const auto* value = document.if_contains(path.attribute->name)) return value;
  const auto* part = document.if_contains(path.schema->urn);
  return part == nullptr ? nullptr : member_of(*part, *path.attribute);
}

// Whether `holds` is true of what the path names: of one of the values, when they are several.
template <class Holds>
bool any_value(const AttributePath& path, const json::value* value, Holds holds) {
  const auto part = [&](const json::value& each) {
    return path.sub == nullptr ? &each : member_of(each, *path.sub);
  };
  if (value == nullptr) return holds(static_cast<const json::value*>(nullptr));
  const auto* list = value->if_array();
  if (list == nullptr) return holds(part(*value));
  return std::ranges::any_of(*list, [&](const json::value& each) { return holds(part(each)); });
}

bool compare_holds(const Filter& filter, const json::value* value) {
  const auto& attribute = filter.path.sub != nullptr ? *filter.path.sub : *filter.path.attribute;
  return any_value(filter.path, value,
                   [&](const json::value* each) { return value_holds(filter, attribute, each); });
}

bool element_holds(const Filter& filter, const json::value* value) {
  if (value == nullptr) return false;
  const auto& inner = filter.parts.front();
  const auto* list = value->if_array();
  if (list == nullptr) return element_matches(inner, *value);
  return std::ranges::any_of(*list, [&](const json::value& each) { return element_matches(inner, each); });
}

// `find_value` gives the value of a path, or null.
template <class Find>
bool evaluate(const Filter& filter, const Find& find_value) {
  const auto part_holds = [&](const Filter& part) { return evaluate(part, find_value); };
  switch (filter.kind) {
    case Kind::all_of:
      return std::ranges::all_of(filter.parts, part_holds);
    case Kind::any_of:
      return std::ranges::any_of(filter.parts, part_holds);
    case Kind::negation:
      return !part_holds(filter.parts.front());
    default:
      break;
  }
  if (filter.path.attribute == nullptr) return false;
  const json::value* value = find_value(filter.path);
  if (filter.kind == Kind::compare) return compare_holds(filter, value);
  if (filter.kind == Kind::element) return element_holds(filter, value);
  return any_value(filter.path, value, is_present);
}

}  // namespace

bool matches(const Filter& filter, const json::object& document) {
  return evaluate(filter, [&](const AttributePath& path) { return find(path, document); });
}

bool element_matches(const Filter& inner, const json::value& element) {
  return evaluate(inner, [&](const AttributePath& path) { return member_of(element, *path.attribute); });
}

std::size_t node_count(const Filter& filter) {
  std::size_t count = 1;
  for (const auto& part : filter.parts) count += node_count(part);
  return count;
}

}  // namespace latchkey::scim
