#include "core/scim/filter_columns.h"

#include <optional>

#include "base/text.h"

namespace latchkey::scim {
namespace {

using Operator = Filter::Operator;

// Longer than any address to which mail can be sent, and than a login name.
constexpr std::size_t kMaxAddress = 512;

std::optional<ColumnTerm> column_term(const Filter& filter) {
  if (filter.kind != Filter::Kind::compare || filter.path.attribute == nullptr) return std::nullopt;
  const auto& attribute = filter.path.sub != nullptr ? *filter.path.sub : *filter.path.attribute;
  if (attribute.column == Column::none) return std::nullopt;
  ColumnTerm term{attribute.column, filter.op, filter.text, filter.flag, filter.time};
  switch (filter.operand) {
    case Filter::Operand::null:
      return std::nullopt;
    case Filter::Operand::time:
      if (filter.op == Operator::ne) return std::nullopt;
      term.text.clear();
      return term;
    case Filter::Operand::boolean:
    case Filter::Operand::text:
      if (filter.op != Operator::eq) return std::nullopt;
      if (term.column == Column::email) {
        term.text = fold_address(term.text);
      } else if (!attribute.case_exact) {
        term.text = fold(term.text);
      }
      // The empty text is in no document; whether it is in a column is the store's affair.
      if (filter.operand == Filter::Operand::text && term.text.empty()) return std::nullopt;
      return term;
  }
  return std::nullopt;
}

// A column cannot tell an absent `active` from a false one, nor which element has the address; a document
// can.
bool says_all(const ColumnTerm& term) {
  return term.column != Column::email && (term.column != Column::active || term.flag);
}

}  // namespace

ColumnTerms column_terms(const Filter& filter) {
  ColumnTerms found;
  found.is_whole = true;
  const auto add = [&](const Filter& part) {
    if (part.kind == Filter::Kind::element) {
      found.is_whole = false;
      for (auto& term : column_terms(part.parts.front()).terms) found.terms.push_back(std::move(term));
      return;
    }
    auto term = column_term(part);
    found.is_whole = found.is_whole && term.has_value() && says_all(*term);
    if (term) found.terms.push_back(std::move(*term));
  };
  if (filter.kind == Filter::Kind::all_of) {
    for (const auto& part : filter.parts) add(part);
  } else {
    add(filter);
  }
  return found;
}

std::string fold(std::string_view name) {
  return to_lower(name);
}

std::string fold_address(std::string_view address) {
  return fold(clip(address, kMaxAddress));
}

}  // namespace latchkey::scim
