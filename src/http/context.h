// What handlers are given: the parts of the server they use, and one call.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "core/credentials/issue.h"
#include "core/identity/caller.h"
#include "core/provisioning/rules.h"
#include "core/signon/sessions.h"
#include "core/webhooks/manage.h"
#include "crypto/seal.h"
#include "io/database.h"
#include "io/http.h"
#include "io/http_client.h"
#include "io/issuer_keys.h"

namespace latchkey::http {

class FailureGuard;
class SignOnGuard;

// Outlives every call. Handlers run on the runtime's threads, several at once.
struct Context {
  io::Database& db;
  const Clock& clock;
  credentials::Issuer issuer;
  webhooks::WebhookContext webhook_context;
  Log log;
  // Copies the database, whole and checked, to a new file on this machine, away from the runtime's threads.
  std::function<io::awaitable<Result<void>>(std::string path)> back_up;
  // Whether this replica has heard of every change made more than a second ago; what is cached is trusted
  // only then.
  std::function<bool()> cache_is_current;
  // Why the server is not ready, or nothing.
  std::function<Result<void>()> readiness;
  // The door of devices (control/door.h): the server's public key, and the switch to a device's connection.
  struct ControlDoor {
    std::function<io::Response(const io::Request&)> key;
    std::function<io::Response(const io::Request&, const std::string& address)> upgrade;
  };
  ControlDoor control = {};
  // The keys of token issuers, for federated identities.
  io::IssuerKeys* issuer_keys = nullptr;
  // For secrets that must come back, such as those shown to other services.
  const crypto::Sealer* sealer = nullptr;
  // Where people find this server, without a slash at its end: for links that are given to them, and where
  // identity providers send them back to. Empty while nobody listens.
  std::string public_url = {};
  // Signing in: what its use cases need, and how identity providers are asked.
  struct SignOnDoor {
    const signon::SignOnContext* rules = nullptr;
    std::function<io::awaitable<io::OutboundAnswer>(io::OutboundRequest)> send;
  };
  SignOnDoor sign_on = {};
  // Whether identity providers can be let in at all, and by which rules.
  bool scim_available = true;
  provisioning::SyncRules sync_rules = {};
};

// One request on its way to a handler, after routing and authentication.
struct Call {
  const io::Request& request;
  identity::Caller caller;                                 // meaningless on public routes
  std::map<std::string, std::string, std::less<>> path;    // decoded elements by their name in the pattern
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  FailureGuard* guard = nullptr;  // for what takes secrets elsewhere than in the Authorization header
  SignOnGuard* sign_on_guard = nullptr;
  // The session whose cookie the request showed, if it holds; on routes that look at cookies.
  std::optional<signon::SessionOwner> session;
  // The cookie's text, which forms of this session are bound to.
  SecretString session_text;
  std::vector<io::Header> cookies;  // go with the answer

  const std::string& path_element(std::string_view name) const { return path.find(name)->second; }
  // First value of that name; nothing when absent.
  std::optional<std::string> query_value(std::string_view name) const;
  std::vector<std::string> query_values(std::string_view name) const;
};

using CallHandler = io::awaitable<Result<io::Response>> (*)(Context&, Call&);

}  // namespace latchkey::http
