// Reading members of the API's answers, and making some of requests. Absent and of another type are alike:
// empty.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace latchkey::app::commands {

// The answer as an object; it lives as long as the answer.
Result<const boost::json::object*> object_of(const boost::json::value& answer);
// A member that is a list; an error when the answer has none.
Result<const boost::json::array*> list_of(const boost::json::value& answer, std::string_view name);

std::string text_of(const boost::json::object& object, std::string_view name);
// A member of a member: {"target": {"id": ...}}.
std::string text_of(const boost::json::object& object, std::string_view outer, std::string_view name);
std::optional<TimePoint> time_of(const boost::json::object& object, std::string_view name);
std::int64_t number_of(const boost::json::object& object, std::string_view name);
bool flag_of(const boost::json::object& object, std::string_view name);
// A list of texts, with ", " between them.
std::string texts_of(const boost::json::object& object, std::string_view name);
std::vector<std::string> list_of_texts(const boost::json::object& object, std::string_view name);
const boost::json::object* member_of(const boost::json::object& object, std::string_view name);

// For a request: the texts as a list.
boost::json::array list_json(const std::vector<std::string>& list);

}  // namespace latchkey::app::commands
