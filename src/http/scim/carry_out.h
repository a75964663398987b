// One write of a resource, whether it came as a request of its own or in a bulk request.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "core/scim/bulk.h"
#include "http/context.h"

namespace latchkey::http {

struct WrittenResource {
  int status = 200;
  std::string id;
  std::string location;
  std::string version;           // empty for what was removed
  boost::json::object document;  // empty where the answer has no body
};

// In a transaction of its own.
io::awaitable<Result<WrittenResource>> carry_out(Context& context, identity::Caller caller,
                                                 scim::BulkOperation operation);

}  // namespace latchkey::http
