#include "core/signon/asserted.h"

#include <algorithm>

#include "base/text.h"
#include "core/federation/jws.h"
#include "core/federation/trust.h"
#include "core/identity/user.h"

namespace latchkey::signon {
namespace {

namespace json = boost::json;
using federation::text_of;

const json::value* value_at(const json::object& claims, const std::string& path) {
  const auto names = federation::claim_path(path);
  if (!names) return nullptr;
  const json::object* object = &claims;
  const json::value* value = nullptr;
  for (const auto& name : *names) {
    value = object == nullptr ? nullptr : object->if_contains(name);
    if (value == nullptr) return nullptr;
    object = value->if_object();
  }
  return value;
}

bool is_proved(const json::object& claims, const ProviderSettings& settings) {
  if (settings.login_is_verified) return true;
  if (settings.login_claim != LoginClaim::email) return false;
  const auto* verified = claims.if_contains("email_verified");
  return verified != nullptr && verified->is_bool() && verified->get_bool();
}

std::string display_name_of(const json::object& claims) {
  auto name = text_of(claims, "name");
  if (name.empty()) {
    name = text_of(claims, "given_name");
    const auto family = text_of(claims, "family_name");
    if (!name.empty() && !family.empty()) name += ' ';
    name += family;
  }
  std::string shown(clip(storable(redact_keys(name)), kMaxAssertedName));
  std::ranges::replace_if(
      shown, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; }, ' ');
  return std::string(trim(shown));
}

}  // namespace

Asserted read_asserted(const json::object& claims, const Provider& provider) {
  const auto& settings = provider.settings;
  Asserted asserted;
  asserted.issuer = settings.issuer;
  asserted.subject = text_of(claims, "sub");
  auto login = text_of(claims, to_string(settings.login_claim));
  if (identity::check_login_name(login)) asserted.login = std::move(login);
  asserted.login_verified = is_proved(claims, settings);
  asserted.display_name = display_name_of(claims);
  const auto* groups = value_at(claims, settings.groups_claim);
  // A single group may come without a list around it.
  if (groups != nullptr && groups->is_string()) {
    asserted.groups_known = true;
    asserted.groups.emplace_back(groups->get_string());
  } else if (groups != nullptr && groups->is_array() && groups->get_array().size() <= kMaxAssertedGroups) {
    asserted.groups_known = true;
    for (const auto& group : groups->get_array()) {
      if (group.is_string()) asserted.groups.emplace_back(group.get_string());
    }
  }
  return asserted;
}

bool lacks_claims(const json::object& claims, const Provider& provider) {
  const auto& settings = provider.settings;
  if (text_of(claims, to_string(settings.login_claim)).empty()) return true;
  return !settings.allowed_groups.empty() && value_at(claims, settings.groups_claim) == nullptr;
}

Result<json::object> with_user_info(json::object claims, const json::object& user_info) {
  if (text_of(user_info, "sub") != text_of(claims, "sub") || text_of(claims, "sub").empty()) {
    return malformed("UserInfo is about another subject");
  }
  // A mail address and whether it was proved come from one place.
  if (user_info.contains("email") && !claims.contains("email")) claims.erase("email_verified");
  const bool has_mail = claims.contains("email");
  for (const auto& [name, value] : user_info) {
    if (name == "email_verified" && has_mail) continue;
    if (!claims.contains(name)) claims.emplace(name, value);
  }
  return claims;
}

std::string domain_of(std::string_view login) {
  const auto at = login.rfind('@');
  return at == std::string_view::npos ? std::string() : to_lower(login.substr(at + 1));
}

}  // namespace latchkey::signon
