// Which attributes an answer has: `attributes` and `excludedAttributes` (RFC 7644 section 3.9).
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/scim/schema.h"

namespace latchkey::scim {

class Projection {
 public:
  // Everything.
  explicit Projection(const ResourceType& type) : type_(&type) {}

  // Names as in find_path, each alone or several with commas; unknown ones are passed over. 400 invalidValue
  // when both lists have names.
  static Result<Projection> make(const ResourceType& type, const std::vector<std::string>& attributes,
                                 const std::vector<std::string>& excluded_attributes);

  // Whether anything of this attribute of the core schema will be in an answer: what is not wanted need not
  // be read. The name is in the schema's spelling.
  bool wants(std::string_view attribute) const;

  // `id` and `schemas` always stay.
  boost::json::object apply(const boost::json::object& document) const;

 private:
  enum class Mode { everything, only, without };

  // How much of an attribute stays: all, nothing, or some of its parts.
  bool keeps_whole(const AttributePath& path) const;
  bool keeps_something(const Schema& schema, const Attribute& attribute) const;
  boost::json::object attributes_of(const Schema& schema, std::span<const Attribute> attributes,
                                    const boost::json::object& from) const;

  const ResourceType* type_;
  Mode mode_ = Mode::everything;
  std::vector<AttributePath> paths_;
};

}  // namespace latchkey::scim
