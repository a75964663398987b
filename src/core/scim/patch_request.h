// The body of a PATCH (RFC 7644 section 3.5.2), read as identity providers send it: names and operations in
// any letter case, an empty list of operations allowed.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/scim/filter.h"
#include "core/scim/schema.h"

namespace latchkey::scim {

inline constexpr std::size_t kMaxPatchOperations = 1000;

struct PatchOperation {
  enum class Verb { add, replace, remove };

  Verb verb = Verb::add;
  std::optional<std::string> path;
  // Of remove: null when there is none.
  boost::json::value value;
};

// 400 invalidSyntax for another envelope or an unknown `op`; invalidValue for add or replace without `value`;
// tooMany above kMaxPatchOperations operations or
// kMaxRequestElements elements.
Result<std::vector<PatchOperation>> read_patch(const boost::json::object& body);

// Where an operation aims: `emails[type eq "work"].value` is the sub-attribute `value` of those elements of
// `emails` that meet the filter.
struct PatchPath {
  AttributePath at;
  std::optional<Filter> elements;

  // `at` without its sub-attribute, for messages.
  std::string name;
};

// 400 invalidPath when the text is no path or names no attribute of the type; invalidFilter when only what
// stands in the brackets is wrong. Nothing for what is taken and not kept.
Result<std::optional<PatchPath>> parse_patch_path(const ResourceType& type, std::string_view text);

}  // namespace latchkey::scim
