// Reads members of a JSON request body, with errors that name the member. null counts as absent, members that
// nobody asks for are ignored, as upstream's clients expect.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace latchkey::http {

class JsonBody {
 public:
  // An empty body counts as {}.
  static Result<JsonBody> parse(const std::string& body);
  // A body that is a list of objects.
  static Result<std::vector<JsonBody>> parse_list(const std::string& body);

  Result<std::optional<std::string>> text(std::string_view name) const;
  Result<std::optional<bool>> flag(std::string_view name) const;
  Result<std::optional<std::int64_t>> integer(std::string_view name) const;
  Result<std::vector<std::string>> texts(std::string_view name) const;
  Result<std::vector<std::int64_t>> integers(std::string_view name) const;
  // Nothing when absent or null.
  Result<std::optional<JsonBody>> object(std::string_view name) const;
  Result<std::vector<JsonBody>> objects(std::string_view name) const;

  // Whatever the member is; nothing when absent or null. Lives as long as the body.
  const boost::json::value* value(std::string_view name) const { return find(name); }

  // Whether the member is there, be it null: for lists, where absent keeps and null empties.
  bool has(std::string_view name) const { return members_.contains(name); }
  // The names of all members, for objects whose names are data.
  std::vector<std::string> names() const;

 private:
  JsonBody(boost::json::object members, std::string path)
      : members_(std::move(members)), path_(std::move(path)) {}
  const boost::json::value* find(std::string_view name) const;
  Error wrong_type(std::string_view name, std::string_view wanted) const;

  boost::json::object members_;
  std::string path_;  // "capabilities.devices." for messages
};

}  // namespace latchkey::http
