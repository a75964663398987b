#include "storage/column_terms.h"

#include <algorithm>

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

const char* sign_of(scim::Filter::Operator op) {
  using enum scim::Filter::Operator;
  switch (op) {
    case eq:
      return " = ";
    case gt:
      return " > ";
    case ge:
      return " >= ";
    case lt:
      return " < ";
    case le:
      return " <= ";
    case ne:
    case co:
    case sw:
    case ew:
      break;
  }
  throw DatabaseError("a column term has an operator that no column takes");
}

}  // namespace

std::string conditions(std::span<const scim::ColumnTerm> terms, std::span<const ColumnSql> columns,
                       FlagSql active, std::vector<Value>& parameters) {
  std::string sql;
  for (const auto& term : terms) {
    sql += " AND ";
    if (term.column == scim::Column::active) {
      sql += term.flag ? active.when_true : active.when_false;
      continue;
    }
    const auto found = std::ranges::find(columns, term.column, &ColumnSql::column);
    if (found == columns.end()) throw DatabaseError("a column term names a column that is not there");
    parameters.push_back(term.column == scim::Column::last_modified ? time_value(term.time)
                                                                    : Value(term.text));
    sql += found->expression;
    if (found->after == nullptr) sql += sign_of(term.op);
    sql += "$" + std::to_string(parameters.size());
    if (found->after != nullptr) sql += found->after;
  }
  return sql;
}

}  // namespace latchkey::storage
