// A resource as the engine and the store hold it: a JSON object with the schema's spelling, types and order,
// where nothing is null or empty.
//
//   {"schemas": [...], "id": "u...", "externalId": "...", "userName": "...", ..., "urn:...:User": {...},
//    "meta": {...}}
//
// `schemas` follows from what is there: the core URN, and the extension's when it has attributes. `id`,
// `meta`, a user's `groups` and the references of members are the service's own; a request never sets them.
// The store keeps what read_resource, replace_resource or apply_patch made and adds the service's own when
// it reads.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/scim/schema.h"

namespace latchkey::scim {

// The most elements of lists that one request may carry in all.
inline constexpr std::size_t kMaxRequestElements = 20'000;

// The body of a POST. Unknown attributes and unknown schemas are ignored, what is read-only too. 400
// invalidSyntax without the core URN in `schemas`; invalidValue for a wrong type, a missing required
// attribute and two primary elements in a list; tooMany above kMaxRequestElements. Nothing is made up:
// `active` is absent when it was.
Result<boost::json::object> read_resource(const ResourceType& type, const boost::json::object& body);

// The body of a PUT over what is stored: as read_resource; attributes that are not in the body are cleared,
// except those that the schema keeps when they are omitted (`active`, `members`). What is read-only stays as
// stored.
Result<boost::json::object> replace_resource(const ResourceType& type, const boost::json::object& stored,
                                             const boost::json::object& body);

// What must hold for every document: required attributes are there, one element at most is primary, lists
// are within their limits.
Result<void> check_document(const ResourceType& type, const boost::json::object& document);

// The same document in the order of the schema, `schemas` made anew, empty objects and lists left out.
boost::json::object finish_document(const ResourceType& type, boost::json::object document);

// The text of an attribute; empty when it is not there.
std::string text_in(const boost::json::object& document, std::string_view name);

// The elements of all lists in a value, nested ones too.
std::size_t count_elements(const boost::json::value& value);

}  // namespace latchkey::scim
