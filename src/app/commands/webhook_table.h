// How webhook endpoints and their deliveries look to people.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>

#include "app/output.h"
#include "base/time.h"

namespace latchkey::app::commands {

// Its address as a table may show it: of a chat provider only the host, since the rest is a secret.
std::string webhook_address(const boost::json::object& endpoint);

// The columns of webhook_row().
std::vector<std::string> webhook_headings();
std::vector<Table::Cell> webhook_row(const boost::json::object& endpoint, TimePoint now);
Table webhook_details(const boost::json::object& endpoint, TimePoint now);

// The columns of delivery_row().
std::vector<std::string> delivery_headings();
std::vector<Table::Cell> delivery_row(const boost::json::object& delivery, TimePoint now);
Table delivery_details(const boost::json::object& delivery, TimePoint now);

Table attempt_table(const boost::json::array& attempts, TimePoint now);

}  // namespace latchkey::app::commands
