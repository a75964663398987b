#include "core/tailnet/contacts.h"

#include <algorithm>

#include "base/text.h"
#include "core/identity/user_store.h"
#include "core/tailnet/settings_act.h"
#include "core/tailnet/settings_store.h"

namespace latchkey::tailnet {
namespace {

constexpr std::size_t kMaxEmail = 254;  // RFC 5321 section 4.5.3.1.3, without the angle brackets
constexpr std::array<std::string_view, 3> kKindNames{"account", "support", "security"};

// Not a proof that mail arrives, only that it is no other kind of text.
Result<void> check_email(const std::string& email) {
  const auto at = email.find('@');
  const bool plain = std::ranges::all_of(email, [](char c) { return c > ' ' && c < 0x7F; }) &&
                     email.find_first_of("<>,;:\"\\()") == std::string::npos;
  if (email.size() <= kMaxEmail && plain && at != std::string::npos && at > 0 && at + 1 < email.size() &&
      email.find('@', at + 1) == std::string::npos && !holds_key(email)) {
    return {};
  }
  return malformed("email must be an e-mail address such as security@example.com", "email");
}

std::string_view property_of(ContactKind kind) {
  switch (kind) {
    case ContactKind::account:
      return "ACCOUNT_EMAIL";
    case ContactKind::support:
      return "SUPPORT_EMAIL";
    case ContactKind::security:
      return "SECURITY_EMAIL";
  }
  return "";
}

Result<void> change(core::Tx& tx, const identity::Caller& caller, ContactKind kind, const std::string& email,
                    TimePoint now) {
  TRY(check_email(email));
  tx.settings().hold(caller.tailnet);
  auto contacts = tx.settings().contacts(caller.tailnet);
  boost::json::value was;  // null where nobody had set one
  if (!contacts.of(kind).empty()) was = boost::json::string(contacts.of(kind));
  contacts.of(kind) = email;
  SettingsAct act(tx, caller, audit::ChangeKind::settings_updated, now);
  act.updated(property_of(kind), std::move(was), boost::json::string(email));
  if (!act.empty()) tx.settings().save(caller.tailnet, contacts, act.records(), act.change());
  return {};
}

}  // namespace

std::string_view to_string(ContactKind kind) {
  return kKindNames.at(static_cast<std::size_t>(kind));
}

std::optional<ContactKind> contact_kind_from(std::string_view text) {
  for (const auto kind : kContactKinds) {
    if (to_string(kind) == text) return kind;
  }
  return std::nullopt;
}

Contacts read_contacts(core::Tx& tx, const identity::Permit<identity::Operation::read_contacts>& may) {
  auto contacts = tx.settings().contacts(may.tailnet());
  const auto owner = tx.users().find_owner(may.tailnet());
  for (auto& email : contacts.emails) {
    if (email.empty() && owner) email = owner->login_name;
  }
  return contacts;
}

Result<void> change_contact(core::Tx& tx, const identity::Permit<identity::Operation::write_contact>& may,
                            ContactKind kind, const std::string& email, TimePoint now) {
  if (kind == ContactKind::security) return forbidden("the security contact has a right of its own");
  return change(tx, may.caller(), kind, email, now);
}

Result<void> change_security_contact(core::Tx& tx,
                                     const identity::Permit<identity::Operation::write_security_contact>& may,
                                     const std::string& email, TimePoint now) {
  return change(tx, may.caller(), ContactKind::security, email, now);
}

}  // namespace latchkey::tailnet
