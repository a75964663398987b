// Reading JSON as Go's decoder on the other side writes and reads it: unknown members are ignored, null and
// absent are the zero value, names are compared without case (public source: encoding/json).
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace latchkey::control {

class WireObject {
 public:
  static Result<WireObject> parse(std::string_view body);
  explicit WireObject(boost::json::object members) : members_(std::move(members)) {}

  // Each is the zero value when absent and malformed_input when of another type.
  Result<std::string> text(std::string_view name) const;
  Result<bool> flag(std::string_view name) const;
  Result<std::int64_t> integer(std::string_view name) const;
  Result<std::vector<std::string>> texts(std::string_view name) const;
  Result<WireObject> object(std::string_view name) const;
  // Nothing for the zero time.
  Result<std::optional<TimePoint>> time(std::string_view name) const;
  // A public key in its canonical text; empty for none.
  Result<std::string> key(std::string_view name, std::string_view prefix) const;

  const boost::json::object& members() const { return members_; }

 private:
  const boost::json::value* find(std::string_view name) const;

  boost::json::object members_;
};

}  // namespace latchkey::control
