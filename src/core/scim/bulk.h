// Bulk requests (RFC 7644 section 3.7): read, put in an order in which they can be carried out, answered.
//
// An operation may refer to a resource that another one of the same request creates, by "bulkId:" and the
// name that one has. Here such references become an order, and later ids; carrying out an operation is the
// business of who handles it alone.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/scim/discovery.h"
#include "core/scim/schema.h"

namespace latchkey::scim {

struct BulkOperation {
  enum class Method { post, put, patch, remove };

  Method method = Method::post;
  const ResourceType* type = nullptr;
  std::string id;       // of the resource; a "bulkId:..." until resolve. Empty for post
  std::string bulk_id;  // the client's name for it; never empty for post
  std::string version;  // as If-Match
  boost::json::object data;
  // What is wrong with it as it stands: it is answered with this and not carried out.
  std::optional<Error> refusal;
};

struct BulkRequest {
  // Stop after that many errors; 0 never.
  std::uint64_t fail_on_errors = 0;
  std::vector<BulkOperation> operations;
  // Positions in `operations`, each once: what is referred to comes before what refers to it, otherwise as
  // the client has it.
  std::vector<std::size_t> order;
};

// An error of the code too_large when it is over a limit: `body_bytes` is the size of the request's body. 400
// invalidSyntax for another envelope. An operation that is malformed, that refers to nothing or in a circle
// is refused alone.
Result<BulkRequest> read_bulk(const boost::json::object& body, std::size_t body_bytes,
                              const BulkSupport& limits);

// The ids of what was created, by the names of their operations.
using BulkIds = std::map<std::string, std::string, std::less<>>;

// Puts ids in place of references. 409 when what is referred to was not created.
Result<void> resolve(BulkOperation& operation, const BulkIds& ids);

// One element of the answer's Operations. `location` is empty for a failed post; `error` is the body of the
// error for a status from 400 on.
boost::json::object bulk_result(const BulkOperation& operation, int status, std::string_view location,
                                std::string_view version, std::optional<boost::json::object> error);

boost::json::object bulk_response(boost::json::array results);

}  // namespace latchkey::scim
