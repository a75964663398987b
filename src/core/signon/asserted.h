// What a provider says of the person who signed in there: read from the claims of a proved ID token, and of
// UserInfo where that is needed.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/signon/provider.h"

namespace latchkey::signon {

inline constexpr std::size_t kMaxAssertedName = 128;
inline constexpr std::size_t kMaxAssertedGroups = 1000;

struct Asserted {
  std::string issuer;
  std::string subject;
  std::string login;  // empty: none, or none that could be a login name
  bool login_verified = false;
  std::string display_name;
  // Whether the group claim could be read: above 200 groups some providers send none.
  bool groups_known = false;
  std::vector<std::string> groups;
};

// The claims must have been judged (id_token.h).
Asserted read_asserted(const boost::json::object& claims, const Provider& provider);

// Whether UserInfo must be asked, since the ID token does not say what is needed.
bool lacks_claims(const boost::json::object& claims, const Provider& provider);

// The ID token's claims and those of UserInfo, which counts only for the same subject and never for what
// makes the identity.
Result<boost::json::object> with_user_info(boost::json::object claims, const boost::json::object& user_info);

// "example.com" of "alice@example.com", in lower case; empty: none.
std::string domain_of(std::string_view login);

}  // namespace latchkey::signon
