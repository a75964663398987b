// A provider's discovery document (OpenID Connect Discovery 1.0 section 3), as far as signing in needs it.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/jws.h"

namespace latchkey::signon {

inline constexpr std::size_t kMaxEndpoint = 2048;

struct Discovery {
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string userinfo_endpoint;  // empty: none
  std::vector<crypto::JwsAlgorithm> algorithms;
  bool basic_authentication = true;  // of this server at the token endpoint; else in the body
  // Answers must name their issuer (RFC 9207).
  bool names_issuer = false;
};

// One line of what an administrator is shown when a provider is saved or checked.
struct Finding {
  std::string name;  // "issuer", "authorization endpoint", ...
  bool good = false;
  std::string says;  // what is wrong, or what was found
};

struct DiscoveryReport {
  Discovery discovery;
  std::vector<Finding> findings;
  bool good() const;
  std::string first_fault() const;  // empty when good
};

// `allow_http` as for the issuer itself.
DiscoveryReport read_discovery(const boost::json::object& document, std::string_view issuer, bool allow_http);

}  // namespace latchkey::signon
