// What the audit log says about a person: named, harmless members, in the vocabulary of upstream's log.
#pragma once

#include <boost/json/object.hpp>

#include "core/audit/act.h"
#include "core/identity/caller.h"
#include "core/identity/user.h"

namespace latchkey::people {

boost::json::object audit_view(const identity::User& user);

// The record and the feed entry for one act on one person, without old and new values.
audit::Act act_on(const identity::User& user, const identity::Caller& caller, audit::Action action,
                  std::string property, audit::ChangeKind change, TimePoint now);

}  // namespace latchkey::people
