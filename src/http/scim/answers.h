// What every answer of /scim/v2 has in common: its media type, its errors, its headers.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/scim/projection.h"
#include "http/context.h"

namespace latchkey::http {

io::Response scim_response(const boost::json::object& body, int status = 200);
// RFC 7644 section 3.12. 401 is the same whatever was wrong with the key.
io::Response scim_error_response(const Error& error);
// The same for statuses that no error of the use cases has: 415, 501.
io::Response scim_refusal(int status, std::string_view detail);

// Whether a body may be of that media type; an absent one may.
bool is_scim_media_type(const io::Request& request);

// "https://latchkey.example/scim/v2"
std::string scim_base_url(const Context& context);

// `attributes` and `excludedAttributes` of the address.
Result<scim::Projection> asked_projection(const scim::ResourceType& type, const Call& call);

// A resource: with Location, ETag and what the projection leaves.
io::Response resource_response(const boost::json::object& document, const std::string& version,
                               const scim::Projection& projection, int status);

}  // namespace latchkey::http
