// How keys look to people: a line of a list, and all there is to know about one.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "app/output.h"
#include "base/time.h"

namespace latchkey::app::commands {

// The columns of key_row().
std::vector<std::string> key_headings();
std::vector<Table::Cell> key_row(const boost::json::object& key, TimePoint now);

// Lines of the lists of OAuth clients and of federated identities.
std::vector<std::string> client_headings();
std::vector<std::string> identity_headings();
std::vector<Table::Cell> identity_row(const boost::json::object& identity, TimePoint now);
std::vector<Table::Cell> client_row(const boost::json::object& client, TimePoint now);

// owner: how to call the key's owner; its id when empty.
Table key_details(const boost::json::object& key, const std::string& owner, TimePoint now);

// "auth key k...CNTRL (ci runner)".
std::string key_name(const boost::json::object& key);

}  // namespace latchkey::app::commands
