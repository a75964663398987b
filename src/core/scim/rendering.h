// What the service adds to a document when it answers: addresses and version (RFC 7644 sections 3.1, 3.14).
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "core/scim/schema.h"

namespace latchkey::scim {

// The absolute address of a resource; `base_url` as in discovery.h.
std::string resource_location(std::string_view base_url, const ResourceType& type, std::string_view id);

// The version of a resource that was changed `revision` times, and its ETag: W/"3".
std::string version_text(std::uint64_t revision);

// Whether a header If-Match or If-None-Match names this version: `*`, or a list of tags of which one is
// equal. Weak and strong tags are compared alike.
bool names_version(std::string_view header, std::string_view version);

struct ResourceState {
  std::string id;
  TimePoint created{};
  TimePoint last_modified{};
  std::uint64_t revision = 1;
};

// The document with `id` and `meta`, as filters and answers see it. The addresses of members are put in, and
// a member without a type is a user.
boost::json::object complete_document(const ResourceType& type, boost::json::object document,
                                      const ResourceState& state, std::string_view base_url);

}  // namespace latchkey::scim
