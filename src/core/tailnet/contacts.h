// Whom to write to about a tailnet: its account, support and security contacts.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "core/identity/authorize.h"
#include "core/tx.h"

namespace latchkey::tailnet {

enum class ContactKind { account, support, security };
inline constexpr std::array kContactKinds{ContactKind::account, ContactKind::support, ContactKind::security};

// On the wire: account, support, security.
std::string_view to_string(ContactKind kind);
std::optional<ContactKind> contact_kind_from(std::string_view text);

struct Contacts {
  std::array<std::string, kContactKinds.size()> emails;  // in the order of kContactKinds

  std::string& of(ContactKind kind) { return emails.at(static_cast<std::size_t>(kind)); }
  const std::string& of(ContactKind kind) const { return emails.at(static_cast<std::size_t>(kind)); }
};

// Whoever set no address is reached at the owner's login name.
Contacts read_contacts(core::Tx& tx, const identity::Permit<identity::Operation::read_contacts>& may);

// Account and support; security is forbidden here, having a right of its own.
Result<void> change_contact(core::Tx& tx, const identity::Permit<identity::Operation::write_contact>& may,
                            ContactKind kind, const std::string& email, TimePoint now);
Result<void> change_security_contact(core::Tx& tx,
                                     const identity::Permit<identity::Operation::write_security_contact>& may,
                                     const std::string& email, TimePoint now);

}  // namespace latchkey::tailnet
