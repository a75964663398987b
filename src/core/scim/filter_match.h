// Whether a resource meets a filter: one evaluator for queries and for the paths of PATCH operations.
//
// The document is whole (with `id`, `meta` and a user's `groups`, when the filter shall see them) and in the
// schema's spelling, as document.h describes. Rules beyond RFC 7644 section 3.4.2.2: an attribute that is
// absent meets `ne` anything and `eq null` and nothing else; a comparison with a list holds when it holds for
// one of its elements; texts are ordered by bytes.
#pragma once

#include <boost/json/object.hpp>

#include "core/scim/filter.h"

namespace latchkey::scim {

bool matches(const Filter& filter, const boost::json::object& document);

// One element of a multi-valued attribute against what stood in the brackets.
bool element_matches(const Filter& inner, const boost::json::value& element);

// How many comparisons one evaluation takes at most, for each element of a list.
std::size_t node_count(const Filter& filter);

}  // namespace latchkey::scim
