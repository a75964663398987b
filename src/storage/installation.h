// What binds a database to its server's root key.
#pragma once

#include <string>

#include "base/result.h"
#include "io/database.h"

namespace latchkey::storage {

// Stores the public check value of the root key on the first start and compares it ever after. A different
// root key would make every stored digest useless, so it is an error that names the cause.
Result<void> bind_root_key(io::Database& db, const std::string& check);

}  // namespace latchkey::storage
