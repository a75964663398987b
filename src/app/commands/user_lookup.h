// Whom the words of a command mean.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "app/api_client.h"

namespace latchkey::app::commands {

// The person with this login name, capitals or not, as the list of users shows him; nothing when it is
// nobody's.
Result<std::optional<boost::json::value>> user_with_login(Api& api, const std::string& login);

}  // namespace latchkey::app::commands
