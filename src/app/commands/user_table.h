// How people and invites are shown: the columns of `latchkey users`.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "app/output.h"
#include "base/time.h"

namespace latchkey::app::commands {

std::vector<std::string> user_headings();
std::vector<Table::Cell> user_row(const boost::json::object& user, TimePoint now);
Table user_details(const boost::json::object& user, TimePoint now);
// "mira@example.com (u...CNTRL)".
std::string user_name(const boost::json::object& user);

std::vector<std::string> invite_headings();
std::vector<Table::Cell> invite_row(const boost::json::object& invite, TimePoint now);

}  // namespace latchkey::app::commands
