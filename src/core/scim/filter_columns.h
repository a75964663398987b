// The part of a filter that a store can answer from its columns.
//
// A resource that meets the filter meets every term; when `is_whole`, the reverse is true as well and nothing
// is left to evaluate. Terms are bound as values, never printed into a statement.
#pragma once

#include <string>
#include <vector>

#include "core/scim/filter.h"

namespace latchkey::scim {

struct ColumnTerm {
  Column column = Column::none;
  // Of email: that one of the addresses is this. eq for all columns; gt, ge, lt, le too for last_modified.
  // last_modified has microseconds in documents and columns alike.
  Filter::Operator op = Filter::Operator::eq;
  std::string text;   // of texts; folded when the column is
  bool flag = false;  // of active
  TimePoint time{};   // of last_modified

  bool operator==(const ColumnTerm&) const = default;
};

struct ColumnTerms {
  std::vector<ColumnTerm> terms;
  bool is_whole = false;
};

ColumnTerms column_terms(const Filter& filter);

// How names are folded in columns: ASCII lower case, so that two databases agree.
std::string fold(std::string_view name);
// How addresses are: cut as well, since no engine indexes long texts. Equal addresses stay equal. Stored in
// the database.
std::string fold_address(std::string_view address);

}  // namespace latchkey::scim
