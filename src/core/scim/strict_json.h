// Reads the body of a SCIM request, strictly: one JSON value in valid UTF-8 and nothing after it, nested 32
// deep at most, no object with two members of the same name (letter case aside). Otherwise 400 invalidSyntax.
//
// A member called `password` is read as null: identity providers send passwords that nobody here wants, and
// what is not kept cannot leak.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string_view>

#include "base/result.h"

namespace latchkey::scim {

inline constexpr std::size_t kMaxJsonDepth = 32;

Result<boost::json::value> read_json(std::string_view body);
// The same for a body that must be an object.
Result<boost::json::object> read_json_object(std::string_view body);

// The member of that name in any letter case; null when there is none.
const boost::json::value* find_member(const boost::json::object& object, std::string_view name);

// Whether `schemas` of a message lists this URN, in any letter case.
bool lists_schema(const boost::json::object& body, std::string_view urn);

}  // namespace latchkey::scim
