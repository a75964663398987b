#include "core/signon/linking.h"

#include <algorithm>
#include <array>
#include <utility>

namespace latchkey::signon {
namespace {

using identity::UserStatus;

constexpr std::array<std::pair<LinkRule, std::string_view>, 4> kRules{{
    {LinkRule::linked, "linked"},
    {LinkRule::login_name, "login name"},
    {LinkRule::invite, "invite"},
    {LinkRule::admitted, "admitted"},
}};

LinkDecision refuse(LinkRefusal why) {
  return {why, LinkRule::linked};
}

LinkDecision judge_person(const identity::User& user, LinkRule rule) {
  if (user.status == UserStatus::suspended) return refuse(LinkRefusal::suspended);
  if (user.status == UserStatus::needs_approval) return refuse(LinkRefusal::needs_approval);
  return {std::nullopt, rule};
}

bool is_in_allowed_group(const Asserted& asserted, const ProviderSettings& settings) {
  if (settings.allowed_groups.empty()) return true;
  return asserted.groups_known && std::ranges::any_of(settings.allowed_groups, [&](const std::string& group) {
           return std::ranges::find(asserted.groups, group) != asserted.groups.end();
         });
}

// Whether the login claim may lead to anybody at all.
std::optional<LinkRefusal> distrust(const Asserted& asserted, const ProviderSettings& settings,
                                    bool is_guest) {
  if (asserted.login.empty()) return LinkRefusal::no_login;
  if (!asserted.login_verified) return LinkRefusal::unverified;
  if (is_guest) return std::nullopt;
  const auto domain = domain_of(asserted.login);
  if (std::ranges::find(settings.domains, domain) == settings.domains.end()) {
    return LinkRefusal::foreign_domain;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(LinkRule rule) {
  return std::ranges::find(kRules, rule, &std::pair<LinkRule, std::string_view>::first)->second;
}

std::optional<LinkRule> link_rule_from(std::string_view text) {
  for (const auto& [rule, name] : kRules) {
    if (name == text) return rule;
  }
  return std::nullopt;
}

std::string_view to_string(LinkRefusal refusal) {
  switch (refusal) {
    case LinkRefusal::no_login:
      return "the provider sent no login claim that could be a login name";
    case LinkRefusal::unverified:
      return "the provider does not say that it verified the login claim";
    case LinkRefusal::foreign_domain:
      return "the provider is not trusted with the domain of the login name";
    case LinkRefusal::not_provisioned:
      return "nobody was provisioned with this login name";
    case LinkRefusal::taken:
      return "the person with this login name signs in with another identity";
    case LinkRefusal::outranked:
      return "the provider was set up by somebody who may not claim a person of that role";
    case LinkRefusal::suspended:
      return "the person is suspended";
    case LinkRefusal::needs_approval:
      return "the person waits for approval";
    case LinkRefusal::group:
      return "the person is in none of the allowed groups, or the provider did not say in which";
  }
  return {};
}

LinkDecision decide_link(const Asserted& asserted, const Provider& provider, const LinkFacts& facts) {
  const auto& settings = provider.settings;
  if (!is_in_allowed_group(asserted, settings)) return refuse(LinkRefusal::group);
  if (facts.linked) return judge_person(*facts.linked, LinkRule::linked);
  // Somebody who may invite vouches for a guest; for nobody who is here already.
  const bool is_guest = facts.invited && !facts.by_login;
  if (const auto why = distrust(asserted, settings, is_guest)) return refuse(*why);
  if (facts.by_login) {
    if (facts.by_login->status == UserStatus::suspended) return refuse(LinkRefusal::suspended);
    if (facts.by_login_is_linked) return refuse(LinkRefusal::taken);
    if (!may_claim(provider.set_up_by, facts.by_login->role)) return refuse(LinkRefusal::outranked);
    return judge_person(*facts.by_login, LinkRule::login_name);
  }
  if (facts.invited) return {std::nullopt, LinkRule::invite};
  if (facts.provisioning) return refuse(LinkRefusal::not_provisioned);
  return {std::nullopt, LinkRule::admitted};
}

}  // namespace latchkey::signon
