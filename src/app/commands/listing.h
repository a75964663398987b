// How commands show a list that the server answers with.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "app/output.h"
#include "base/result.h"
#include "base/time.h"

namespace latchkey::app::commands {

struct Listing {
  std::vector<std::string> headings;
  std::vector<Table::Cell> (*row_of)(const boost::json::object& each, TimePoint now);
  const char* none;  // said when there is nothing
};

// A line for each, or the note that there is none.
void show_lines(Screen& screen, const boost::json::array& list, Listing listing);

// JSON is the answer as it is, a table has a line for each in its member `name`.
Result<Exit> show_list(Screen& screen, const boost::json::value& answer, std::string_view name,
                       OutputForm output, Listing listing);

}  // namespace latchkey::app::commands
