// Which person an identity is, when it signs in: pure, over what the database knows.
//
// An identity is the pair of issuer and subject. Its mail address leads to a person at most once, to begin
// the link, and only where the provider proved it and is trusted with its domain.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/identity/user.h"
#include "core/signon/asserted.h"
#include "core/signon/provider.h"

namespace latchkey::signon {

// How an identity came to be a person's. Stored and in the audit log.
enum class LinkRule {
  linked,      // it was already
  login_name,  // the login name that the provider proved
  invite,      // the link of an invite
  admitted,    // nobody had it: a new member
};
std::string_view to_string(LinkRule rule);
std::optional<LinkRule> link_rule_from(std::string_view text);

// Why nobody is let in. The words are in the audit log; what a browser is told is in sentence_of().
enum class LinkRefusal {
  no_login,         // the provider sends no usable login claim
  unverified,       // it does not say that it proved it
  foreign_domain,   // it is not trusted with the domain
  not_provisioned,  // people come by provisioning alone here
  taken,            // that person signs in with another identity
  outranked,        // whoever set up the provider may not claim that person
  suspended,
  needs_approval,
  group,  // in none of the allowed groups
};
std::string_view to_string(LinkRefusal refusal);

struct LinkFacts {
  std::optional<identity::User> linked;    // by issuer and subject
  std::optional<identity::User> by_login;  // by the login claim, whatever it is worth
  bool by_login_is_linked = false;
  bool invited = false;       // they came by an invite, which is still to be proved
  bool provisioning = false;  // people are made by an identity provider's provisioning
};

struct LinkDecision {
  std::optional<LinkRefusal> refusal;
  LinkRule rule = LinkRule::linked;
};

LinkDecision decide_link(const Asserted& asserted, const Provider& provider, const LinkFacts& facts);

}  // namespace latchkey::signon
