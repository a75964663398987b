// Elements of multi-valued attributes under PATCH: which are the same, how they are added, merged and
// removed. Used by the PATCH engine alone.
//
// Two elements are the same when they have the same `value` and no two different `type`s (RFC 7643 section
// 2.4: a pair of value and type stands once); elements without a `value` when they are equal whole.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/scim/filter.h"
#include "core/scim/schema.h"

namespace latchkey::scim {

using Positions = std::vector<std::size_t>;

// Puts the parts that `given` names into the value of a complex attribute and takes out those that it gives
// without a value; unknown and read-only parts are passed over. 400 mutability for a change of an immutable
// part; invalidValue as coerce, and for a required part without a value.
Result<void> merge_parts(const Attribute& attribute, const boost::json::object& given,
                         const std::string& name, boost::json::object& target);

// Appends the elements that are not there yet and merges the others into theirs. Gives the positions of the
// elements that were given as primary.
Result<Positions> add_elements(const Attribute& attribute, const boost::json::array& elements,
                               const std::string& name, boost::json::array& list);

// Removes the elements that are the same as a listed one; a listed one without `value` stands for all
// elements that have its parts.
void remove_elements(const Attribute& attribute, const boost::json::array& listed, boost::json::array& list);

// Removes the elements at these positions, which ascend.
void remove_at(const Positions& positions, boost::json::array& list);

// What an element must be made of to meet the filter: a conjunction of comparisons by eq with parts that may
// be set. Nothing for any other filter.
std::optional<boost::json::object> element_from(const Filter& filter);

bool is_primary(const boost::json::value& element);

// Leaves the elements at `chosen` the only primary ones; changes nothing when there are none.
void settle_primary(const Positions& chosen, boost::json::array& list);

}  // namespace latchkey::scim
