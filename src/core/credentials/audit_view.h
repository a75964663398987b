// What the audit log says about a credential: named, harmless members, in the vocabulary of upstream's log.
// There is no way from here to a digest or a secret.
#pragma once

#include <boost/json/object.hpp>

#include "core/audit/act.h"
#include "core/credentials/credential.h"
#include "core/identity/caller.h"

namespace latchkey::credentials {

audit::Target audit_target(const Credential& credential);
boost::json::object audit_view(const Credential& credential);

// The record and the feed entry for one act on one credential. Creation shows what is new, an end what was.
audit::Act act_on(const Credential& credential, const identity::Caller& caller, audit::Action action,
                  audit::ChangeKind change, TimePoint now);

}  // namespace latchkey::credentials
