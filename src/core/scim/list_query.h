// What a client asks a list for (RFC 7644 sections 3.4.2 and 3.4.3), from the query of an address or the body
// of `.search`, and the answer's envelope.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/scim/filter.h"
#include "core/scim/projection.h"
#include "core/scim/sort.h"

namespace latchkey::scim {

inline constexpr std::uint64_t kDefaultPageSize = 100;
inline constexpr std::uint64_t kMaxPageSize = 1000;

// Texts as they came, numbers within their bounds: what holds for any resource type.
struct ListQuery {
  // From 1. Below it counts as 1.
  std::uint64_t start_index = 1;
  // At most kMaxPageSize; 0 asks for the total alone.
  std::uint64_t count = kDefaultPageSize;
  std::optional<std::string> filter;
  std::string sort_by;
  std::string sort_order;
  std::vector<std::string> attributes;
  std::vector<std::string> excluded_attributes;

  // What stands behind the question mark, leniently: '+' is a blank, characters that should have been escaped
  // are taken as they are, unknown parameters are passed over. 400 invalidValue for a number that is none, a
  // parameter that is given twice and text that is not UTF-8.
  static Result<ListQuery> from_address(std::string_view query);

  // The body of a SearchRequest. 400 invalidSyntax without its schema, invalidValue for wrong types.
  static Result<ListQuery> from_search(const boost::json::object& body);
};

// The same, understood for one resource type.
struct ListPlan {
  std::optional<Filter> filter;
  std::optional<Sort> sort;
  Projection projection;
  std::uint64_t start_index = 1;
  std::uint64_t count = kDefaultPageSize;
};

// Errors as of parse_filter, Sort::make and Projection::make.
Result<ListPlan> plan_list(const ResourceType& type, const ListQuery& query);

// `total` is the number of all that meet the filter, on whatever page.
boost::json::object list_response(boost::json::array resources, std::uint64_t total,
                                  std::uint64_t start_index);

}  // namespace latchkey::scim
