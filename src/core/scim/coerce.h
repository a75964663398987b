// Values of a request, turned into what the schema says an attribute holds.
//
// Identity providers send texts for booleans, single values for lists and the other way round, and empty
// texts for what they do not have. What can only mean one thing is taken; anything else is 400 invalidValue,
// naming the attribute and the type it has, never the value.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "base/result.h"
#include "core/scim/schema.h"

namespace latchkey::scim {

// The value as a document holds it; nothing when it stands for no value: null, "", [], {}.
//
//   boolean    also "True", "false" ... in any letter case
//   text       also a number or a boolean, as its JSON text
//   complex    also a text, as {"value": text}, and a list of one element
//   list       also a single element
//
// Members that are unknown or read-only are left out. `path` is the attribute's name for messages. The value
// nests no deeper than read_json allows.
Result<std::optional<boost::json::value>> coerce(const Attribute& attribute, const boost::json::value& value,
                                                 const std::string& path);

// One element of a multi-valued attribute, or the value of a single one.
Result<std::optional<boost::json::value>> coerce_element(const Attribute& attribute,
                                                         const boost::json::value& value,
                                                         const std::string& path);

// The object that stands for a value of a complex attribute as it came: `value` itself, the one element of a
// list, {"value": text}. Empty for what stands for no value.
Result<boost::json::object> as_object(const Attribute& attribute, const boost::json::value& value,
                                      const std::string& path);

// Whether it stands for no value: null, "", [], {}.
bool is_empty(const boost::json::value& value);

}  // namespace latchkey::scim
