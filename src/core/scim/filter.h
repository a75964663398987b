// The filter language (RFC 7644 section 3.4.2.2), for queries and for the paths of PATCH operations alike.
//
//   filter     = or-expr
//   or-expr    = and-expr *( SP "or" SP and-expr )
//   and-expr   = term *( SP "and" SP term )
//   term       = [ "not" ] "(" filter ")" / value-path / compare / present
//   value-path = attr-path "[" filter "]" [ "." name SP op SP value / "." name SP "pr" ]
//   compare    = attr-path SP op SP value
//   present    = attr-path SP "pr"
//
// Beyond the RFC: a comparison may follow a value path (Entra asks `emails[type eq "work"].value eq "x"`),
// and a value after `eq` may stand without quotes.
//
// A filter is parsed for one resource type: names become rows of the schema, values what these compare with.
// A name that the schema does not know is no error; it matches nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/scim/schema.h"

namespace latchkey::scim {

inline constexpr std::size_t kMaxFilterBytes = 4096;
inline constexpr std::size_t kMaxFilterNodes = 64;
inline constexpr int kMaxFilterDepth = 16;

struct Filter {
  enum class Kind { all_of, any_of, negation, compare, present, element };
  enum class Operator { eq, ne, co, sw, ew, gt, ge, lt, le };
  enum class Operand { null, boolean, text, time };

  Kind kind = Kind::present;

  // Of compare, present and element. Within an element: the sub-attribute, as the path's attribute. Without
  // an attribute (a name that the schema does not know) it matches nothing.
  AttributePath path;
  std::string name;  // as it is printed: the schema's spelling, for unknown names as written

  // Of compare. A comparison with a complex attribute has been aimed at its `value`.
  Operator op = Operator::eq;
  Operand operand = Operand::null;
  bool flag = false;
  std::string text;  // of text and time
  TimePoint time{};

  // Two or more of all_of and any_of, which never hold their own kind; one of negation; one of element: what
  // a single element of the list must meet.
  std::vector<Filter> parts;

  bool operator==(const Filter&) const = default;
};

// 400 invalidFilter, with a detail that says where it ends or what does not fit; 400 sensitive for a filter
// on `password`.
Result<Filter> parse_filter(const ResourceType& type, std::string_view text);

// What stands in the brackets after a multi-valued attribute.
Result<Filter> parse_element_filter(const Attribute& list, std::string_view text);

// Text that parses to the same filter.
std::string print(const Filter& filter);

}  // namespace latchkey::scim
