// People, as an identity provider reads and writes them by SCIM.
//
// A person is the provider's once it has written him; one who came in by login before is found by his login
// name and taken over by the first write. Documents in answers are whole: show only what was asked for.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/identity/authorize.h"
#include "core/provisioning/query.h"
#include "core/provisioning/rules.h"
#include "core/scim/list_query.h"
#include "core/tx.h"

namespace latchkey::provisioning {

using identity::Operation;

// What every use case of the sync needs. The permits are the caller's; all outlive the call.
struct Sync {
  core::Tx& tx;
  const identity::Caller& caller;
  const SyncRules& rules;
  std::string_view base_url;  // of the SCIM service
  TimePoint now;
};

// What was done, or why the guard held it. Held is no error of the transaction: the holding itself is kept.
template <typename T>
struct Guarded {
  std::optional<T> done;
  std::optional<Error> held;
};

struct Shown {
  boost::json::object document;
  std::string version;  // as in the document and in ETag
};

// Turns what is stored into what shall be.
using Change = std::function<Result<boost::json::object>(const boost::json::object& stored)>;
// If-Match; empty when there was none.
using Expected = std::string;

// 404 when there is none.
Result<Shown> read_user(const Sync& sync, const UserId& id);
Result<Page> list_users(const Sync& sync, const scim::ListPlan& plan);

// `document` is what scim::read_resource made. 409 uniqueness when the provider knows this name already.
Result<Guarded<Shown>> create_user(const Sync& sync, boost::json::object document);
Result<Guarded<Shown>> change_user(const Sync& sync, const UserId& id, const Expected& expected,
                                   const Change& change);
Result<Guarded<Shown>> remove_user(const Sync& sync, const UserId& id, const Expected& expected);

// 412 when `expected` names another version.
Result<void> check_expected(const Expected& expected, std::string_view version);

}  // namespace latchkey::provisioning
