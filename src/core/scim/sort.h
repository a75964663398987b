// The order of a list by one attribute (RFC 7644 section 3.4.2.3).
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/scim/schema.h"

namespace latchkey::scim {

class Sort {
 public:
  // Nothing for an empty or unknown `sort_by`: then a list is in its usual order. 400 invalidValue for an
  // order that is neither empty, "ascending" nor "descending".
  static Result<std::optional<Sort>> make(const ResourceType& type, std::string_view sort_by,
                                          std::string_view sort_order);

  // A text that orders as the attribute does: without case when the attribute has none, times as instants.
  // Of a list its primary element, or the first. Nothing when the document has no value.
  std::optional<std::string> key(const boost::json::object& document) const;

  // Whether a document with key `a` stands before one with key `b`. Those without a value stand last, or
  // first in descending order. Keep equal ones in their usual order (std::stable_sort).
  bool before(const std::optional<std::string>& a, const std::optional<std::string>& b) const;

  bool is_descending() const { return is_descending_; }

 private:
  AttributePath path_;
  bool is_descending_ = false;
};

}  // namespace latchkey::scim
