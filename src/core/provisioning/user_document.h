// Between a person's row and the SCIM document that stands for him. Pure.
//
// The row decides the login name and whether he is active; the rest of the document is the provider's word.
// Of somebody whom no provider ever spoke of, the document is made from the row.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/provisioning/resource.h"

namespace latchkey::provisioning {

// Without id and meta. `groups` are those he is in.
boost::json::object document_of(const UserResource& resource, std::span<const Membership> groups);

// The document as SCIM shows it, with id, meta and addresses.
boost::json::object shown_document(const UserResource& resource, std::span<const Membership> groups,
                                   std::string_view base_url);

// What a written document means for the row, and what of it is kept beside the row.
struct Wanted {
  std::string login_name;
  std::string display_name;    // what is shown of him elsewhere
  std::optional<bool> active;  // nothing: the attribute was taken away
  boost::json::object kept;
  std::string external_id;
};
Wanted wanted_of(boost::json::object document);

// Grows with every change of what the document shows, the groups aside: these change through the groups.
std::uint64_t version_of(const UserResource& resource);

}  // namespace latchkey::provisioning
