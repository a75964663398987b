#include "core/signon/linking.h"

#include <gtest/gtest.h>

#include <functional>

namespace latchkey::signon {
namespace {

using identity::Role;
using identity::User;
using identity::UserStatus;

User person(UserStatus status = UserStatus::active, Role role = Role::member) {
  User user;
  user.id = UserId("u1");
  user.login_name = "alice@otter-reef.example";
  user.status = status;
  user.role = role;
  return user;
}

struct Given {
  Asserted asserted;
  Provider provider;
  LinkFacts facts;
};

// Alice's login name, proved, in a domain of the provider; nobody is known.
Given proved() {
  Given given;
  given.asserted.issuer = "https://idp.example";
  given.asserted.subject = "sub-1";
  given.asserted.login = "Alice@Otter-Reef.example";
  given.asserted.login_verified = true;
  given.provider.settings.domains = {"otter-reef.example"};
  given.provider.set_up_by = Role::owner;
  return given;
}

LinkDecision decide(const std::function<void(Given&)>& change) {
  auto given = proved();
  change(given);
  return decide_link(given.asserted, given.provider, given.facts);
}

TEST(Linking, OneRuleFires) {
  struct Case {
    const char* name;
    std::function<void(Given&)> given;
    std::optional<LinkRefusal> refusal;
    LinkRule rule = LinkRule::linked;
  };
  const Case cases[] = {
      {"nobody is known", [](Given&) {}, std::nullopt, LinkRule::admitted},
      {"linked before",
       [](Given& g) {
         g.facts.linked = person();
         g.asserted.login_verified = false;  // says nothing any more
         g.asserted.login = "alice@elsewhere.example";
       },
       std::nullopt, LinkRule::linked},
      {"linked, suspended", [](Given& g) { g.facts.linked = person(UserStatus::suspended); },
       LinkRefusal::suspended},
      {"linked, not approved", [](Given& g) { g.facts.linked = person(UserStatus::needs_approval); },
       LinkRefusal::needs_approval},
      {"by login name", [](Given& g) { g.facts.by_login = person(); }, std::nullopt, LinkRule::login_name},
      {"by login name, unverified",
       [](Given& g) {
         g.facts.by_login = person();
         g.asserted.login_verified = false;
       },
       LinkRefusal::unverified},
      {"unverified and unknown", [](Given& g) { g.asserted.login_verified = false; },
       LinkRefusal::unverified},
      {"no login", [](Given& g) { g.asserted.login.clear(); }, LinkRefusal::no_login},
      {"another domain", [](Given& g) { g.asserted.login = "alice@evil.example"; },
       LinkRefusal::foreign_domain},
      {"a domain below", [](Given& g) { g.asserted.login = "alice@x.otter-reef.example"; },
       LinkRefusal::foreign_domain},
      {"two at signs", [](Given& g) { g.asserted.login = "a@otter-reef.example@evil.example"; },
       LinkRefusal::foreign_domain},
      {"no domain", [](Given& g) { g.asserted.login = "alice"; }, LinkRefusal::foreign_domain},
      {"by login name, linked otherwise",
       [](Given& g) {
         g.facts.by_login = person();
         g.facts.by_login_is_linked = true;
       },
       LinkRefusal::taken},
      {"by login name, suspended", [](Given& g) { g.facts.by_login = person(UserStatus::suspended); },
       LinkRefusal::suspended},
      {"suspended is said before anything else of that person",
       [](Given& g) {
         g.facts.by_login = person(UserStatus::suspended);
         g.facts.by_login_is_linked = true;
       },
       LinkRefusal::suspended},
      {"the owner, by a provider of an IT admin",
       [](Given& g) {
         g.facts.by_login = person(UserStatus::active, Role::owner);
         g.provider.set_up_by = Role::it_admin;
       },
       LinkRefusal::outranked},
      {"the owner, by a provider of the owner",
       [](Given& g) { g.facts.by_login = person(UserStatus::active, Role::owner); }, std::nullopt,
       LinkRule::login_name},
      {"invited", [](Given& g) { g.facts.invited = true; }, std::nullopt, LinkRule::invite},
      {"invited, with provisioning",
       [](Given& g) {
         g.facts.invited = true;
         g.facts.provisioning = true;
       },
       std::nullopt, LinkRule::invite},
      {"invited, from elsewhere",
       [](Given& g) {
         g.facts.invited = true;
         g.asserted.login = "guest@elsewhere.example";
       },
       std::nullopt, LinkRule::invite},
      {"invited, unverified",
       [](Given& g) {
         g.facts.invited = true;
         g.asserted.login_verified = false;
       },
       LinkRefusal::unverified},
      {"an invite is no way to a person of another domain",
       [](Given& g) {
         g.facts.invited = true;
         g.asserted.login = "boss@elsewhere.example";
         g.facts.by_login = person();
       },
       LinkRefusal::foreign_domain},
      {"provisioning makes people", [](Given& g) { g.facts.provisioning = true; },
       LinkRefusal::not_provisioned},
      {"provisioned before",
       [](Given& g) {
         g.facts.provisioning = true;
         g.facts.by_login = person();
       },
       std::nullopt, LinkRule::login_name},
  };
  for (const auto& each : cases) {
    const auto decision = decide(each.given);
    EXPECT_EQ(decision.refusal, each.refusal) << each.name;
    if (!each.refusal) {
      EXPECT_EQ(to_string(decision.rule), to_string(each.rule)) << each.name;
    }
  }
}

TEST(Linking, AGroupGateStandsBeforeEverything) {
  const auto with_groups = [](bool known, std::vector<std::string> groups) {
    return decide([&](Given& g) {
      g.provider.settings.allowed_groups = {"eng", "ops"};
      g.facts.linked = person();
      g.asserted.groups_known = known;
      g.asserted.groups = std::move(groups);
    });
  };
  EXPECT_EQ(with_groups(true, {"sales", "ops"}).refusal, std::nullopt);
  EXPECT_EQ(with_groups(true, {"sales"}).refusal, LinkRefusal::group);
  EXPECT_EQ(with_groups(true, {"Eng"}).refusal, LinkRefusal::group);
  EXPECT_EQ(with_groups(true, {}).refusal, LinkRefusal::group);
  // Too many groups to send: unknown is refused.
  EXPECT_EQ(with_groups(false, {}).refusal, LinkRefusal::group);
}

}  // namespace
}  // namespace latchkey::signon
