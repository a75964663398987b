#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "core/scim/filter.h"
#include "core/scim/filter_operand.h"

namespace latchkey::scim {
namespace {

using Kind = Filter::Kind;

std::string print_operand(const Filter& filter) {
  switch (filter.operand) {
    case Filter::Operand::null:
      return "null";
    case Filter::Operand::boolean:
      return filter.flag ? "true" : "false";
    case Filter::Operand::text:
    case Filter::Operand::time:
      return boost::json::serialize(boost::json::value(filter.text));
  }
  return "null";
}

std::string print_parts(const Filter& filter, std::string_view word) {
  std::string text;
  for (const auto& part : filter.parts) {
    if (!text.empty()) text += word;
    // "and" binds closer than "or".
    const bool in_parentheses = filter.kind == Kind::all_of && part.kind == Kind::any_of;
    text += in_parentheses ? "(" + print(part) + ")" : print(part);
  }
  return text;
}

}  // namespace

// As deep as parsing allows.
std::string print(const Filter& filter) {
  switch (filter.kind) {
    case Kind::all_of:
      return print_parts(filter, " and ");
    case Kind::any_of:
      return print_parts(filter, " or ");
    case Kind::negation:
      return "not (" + print(filter.parts.front()) + ")";
    case Kind::compare:
      return filter.name + " " + std::string(to_string(filter.op)) + " " + print_operand(filter);
    case Kind::present:
      return filter.name + " pr";
    case Kind::element:
      return filter.name + "[" + print(filter.parts.front()) + "]";
  }
  return {};
}

}  // namespace latchkey::scim
