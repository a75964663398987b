// How devices look to people: a line of a list, and all there is to know about one.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "app/output.h"
#include "base/time.h"

namespace latchkey::app::commands {

// The columns of device_row().
std::vector<std::string> device_headings();
std::vector<Table::Cell> device_row(const boost::json::object& device, TimePoint now);

Table device_details(const boost::json::object& device, TimePoint now);

// The first label of its name: "web1".
std::string device_label(const boost::json::object& device);
// "web1 (n...CNTRL)".
std::string device_name(const boost::json::object& device);

}  // namespace latchkey::app::commands
