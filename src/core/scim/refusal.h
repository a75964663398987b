// What SCIM calls a refusal: the closed list of `scimType` (RFC 7644 section 3.12) and the body of an error.
//
// A refusal is the project's Error whose `protocol_code` is one of these words, so that it passes through use
// cases and transactions like any other; statuses without a word of their own (401, 403, 404, 412 ...) have
// none.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace latchkey::scim {

// On the wire by the names of to_string().
enum class ScimType {
  invalid_filter,  // the filter's syntax, or an operator that does not fit the attribute
  too_many,        // more results, operations or elements than one request may ask for
  uniqueness,      // a name that somebody else has
  mutability,      // a change of what is read-only or immutable, a removal of what is required
  invalid_syntax,  // not JSON, not the right envelope, no `schemas`
  invalid_path,    // the path of a PATCH operation cannot be read or names no attribute
  no_target,       // nothing for a PATCH operation to act on
  invalid_value,   // a wrong type, a missing required attribute, a parameter out of place
  invalid_vers,    // another version of the protocol
  sensitive,       // secrets in a query
};

std::string_view to_string(ScimType type);

// 409 for uniqueness, 400 for all others. The detail goes to the caller: it names attributes and what to
// change and does not repeat values. `attribute` is the one at fault, if there is one.
Error refuse(ScimType type, std::string detail, std::string attribute = {});

// {"schemas": [...Error], "status": "400", "scimType": "invalidValue", "detail": "..."}: `status` is a text,
// `scimType` only stands with 400 and 409, `detail` is never empty.
boost::json::object error_body(const Error& error, int status);

}  // namespace latchkey::scim
