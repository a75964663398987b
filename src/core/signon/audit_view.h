// What the audit log says about sign-on: named, harmless members. Nothing here can reach a secret.
#pragma once

#include <boost/json/object.hpp>

#include "core/audit/act.h"
#include "core/identity/caller.h"
#include "core/signon/session.h"
#include "core/signon/sign_on_store.h"

namespace latchkey::signon {

boost::json::object audit_view(const Provider& provider);

// The person, as whoever has this session acts.
identity::Caller session_caller(const identity::User& user, audit::Source source);

// ADMIN_CONSOLE.LOGIN and LOGOUT, of this person's session.
audit::Act session_act(const Session& session, const identity::User& user, const identity::Caller& by,
                       audit::Action action, std::string details, TimePoint now);

// USER.CREATE.IDENTITY and USER.DELETE.IDENTITY.
audit::Act link_act(const IdentityLink& link, const identity::User& user, const identity::Caller& by,
                    audit::Action action, TimePoint now);

}  // namespace latchkey::signon
