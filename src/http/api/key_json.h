// The Key object of the API: what clients read, byte for byte what the stock ones compare.
#pragma once

#include <boost/json/object.hpp>

#include "core/credentials/credential.h"

namespace latchkey::http {

enum class KeyFields {
  upstream,  // what stock clients know
  all,       // with ?fields=all: also state, uses, lastUsed, maxUses, allowedHostnames ...
};

// Times that do not apply are left out, never empty: Go's decoder stops on "".
boost::json::object key_json(const credentials::Credential& key, KeyFields fields, TimePoint now);

}  // namespace latchkey::http
