// What the audit log says about an endpoint: named, harmless members. The address of a chat provider is
// masked; there is no way from here to a secret.
#pragma once

#include <boost/json/object.hpp>

#include "core/audit/act.h"
#include "core/identity/caller.h"
#include "core/webhooks/endpoint.h"

namespace latchkey::webhooks {

boost::json::object audit_view(const WebhookEndpoint& endpoint);

// The record and the feed entry for one act on one endpoint, without old and new values.
audit::Act act_on(const WebhookEndpoint& endpoint, const identity::Caller& caller, audit::Action action,
                  std::string property, audit::ChangeKind change, TimePoint now);

}  // namespace latchkey::webhooks
