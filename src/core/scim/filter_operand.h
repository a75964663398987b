// What a comparison of a filter compares with: fitted to the attribute when the filter is parsed, so that the
// evaluator need not ask. Used by the parser of filters alone.
#pragma once

#include <optional>
#include <string_view>

#include "core/scim/filter.h"

namespace latchkey::scim {

std::optional<Filter::Operator> filter_operator(std::string_view word);
std::string_view to_string(Filter::Operator op);

// Sets the operand of a comparison whose path and operator are set, and aims it at `value` when the attribute
// is complex. `text` is the value without quotes; without them (`quoted` false) it may be a number, true,
// false, null, or a text after eq. 400 invalidFilter when operator or value do not fit the attribute.
Result<void> set_operand(Filter& filter, std::string_view text, bool quoted);

}  // namespace latchkey::scim
