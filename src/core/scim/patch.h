// The PATCH engine (RFC 7644 section 3.5.2): operations on a document, all or nothing.
//
// It takes what Entra ID (with and without its aadOptscim062020 flag) and Okta send, at once and without
// telling them apart. Where the RFC leaves room or they part from it:
//
//   without a path, each member of the value is an operation of its own; its name may itself be a path
//     ("name.givenName"); unknown and read-only names are passed over, an `id` must be the resource's own
//   `remove` with a list as value removes those elements; an empty list removes nothing; no value at all, or
//     null, removes the attribute
//   `add` and `replace` on emails[type eq "work"] without such an element make it from the filter
//   a value of "", null or [] unassigns what is optional, and is nothing to add
//   `primary: true` on one element makes it false on the others
//   `schemas` follows from the document: adding to it or replacing it changes nothing
#pragma once

#include <boost/json/object.hpp>
#include <span>

#include "base/result.h"
#include "core/scim/patch_request.h"
#include "core/scim/schema.h"

namespace latchkey::scim {

// Elements looked at, times what a look costs, in all operations of one PATCH.
inline constexpr std::size_t kMaxPatchWork = 20'000'000;

struct Patched {
  boost::json::object document;
  bool changed = false;  // otherwise version and time of last change stay
};

// The document is as document.h describes, with its `id`. 400 invalidPath, noTarget, mutability, invalidValue
// or tooMany; on an error nothing is changed.
Result<Patched> apply_patch(const ResourceType& type, const boost::json::object& document,
                            std::span<const PatchOperation> operations);

}  // namespace latchkey::scim
