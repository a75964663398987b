#include "core/signon/provider.h"

#include <gtest/gtest.h>

#include <functional>

namespace latchkey::signon {
namespace {

using identity::Role;

ProviderSettings good() {
  ProviderSettings settings;
  settings.name = "Entra ID";
  settings.issuer = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0";
  settings.client_id = "latchkey";
  settings.domains = {"otter-reef.example"};
  return settings;
}

std::string refusal_of(const std::function<void(ProviderSettings&)>& change) {
  auto settings = good();
  change(settings);
  const auto checked = check_provider(settings, false);
  return checked ? "" : checked.error().fields.at(0);
}

TEST(Provider, RefusesWhatCannotBeOneAndNamesTheMember) {
  EXPECT_EQ(refusal_of([](auto&) {}), "");
  EXPECT_EQ(refusal_of([](auto& s) { s.name = ""; }), "name");
  EXPECT_EQ(refusal_of([](auto& s) { s.name = "a\nb"; }), "name");
  EXPECT_EQ(refusal_of([](auto& s) { s.issuer = "http://idp.example"; }), "issuer");
  EXPECT_EQ(refusal_of([](auto& s) { s.issuer = "https://idp.example?x"; }), "issuer");
  EXPECT_EQ(refusal_of([](auto& s) { s.client_id = ""; }), "clientId");
  EXPECT_EQ(refusal_of([](auto& s) { s.domains = {}; }), "domains");
  EXPECT_EQ(refusal_of([](auto& s) { s.domains = {"*"}; }), "domains");
  EXPECT_EQ(refusal_of([](auto& s) { s.domains = {"a@b.example"}; }), "domains");
  EXPECT_EQ(refusal_of([](auto& s) { s.scopes = {"a b"}; }), "scopes");
  EXPECT_EQ(refusal_of([](auto& s) { s.groups_claim = ""; }), "groupsClaim");
  EXPECT_EQ(refusal_of([](auto& s) { s.allowed_groups = {""}; }), "allowedGroups");
  EXPECT_EQ(refusal_of([](auto& s) { s.domains.assign(65, "a.example"); }), "domains");
}

TEST(Provider, RefusesTheIssuerThatStandsForEveryDirectory) {
  for (const char* tenant : {"common", "organizations", "{tenantid}"}) {
    const auto issuer = "https://login.microsoftonline.com/" + std::string(tenant) + "/v2.0";
    EXPECT_EQ(refusal_of([&](auto& s) { s.issuer = issuer; }), "issuer") << tenant;
  }
}

TEST(Provider, HttpIsForATestBench) {
  auto settings = good();
  settings.issuer = "http://127.0.0.1:9000";
  EXPECT_FALSE(check_provider(settings, false).ok());
  EXPECT_TRUE(check_provider(settings, true).ok());
}

TEST(Provider, IdsAreSafeInAddresses) {
  for (const char* id : {"entra", "okta-2", "a"}) EXPECT_TRUE(check_provider_id(id).ok()) << id;
  for (const char* id :
       {"", "Entra", "a b", "-a", "a-", "../a", "a/b", "abcdefghijklmnopqrstuvwxyzabcdefg"}) {
    EXPECT_FALSE(check_provider_id(id).ok()) << id;
  }
}

TEST(Provider, DomainsAreFoldedAndStandOnce) {
  EXPECT_EQ(fold_domains({"Otter.example", "a.example", "otter.EXAMPLE"}),
            (std::vector<std::string>{"a.example", "otter.example"}));
}

TEST(Provider, ClaimsNobodyAboveWhoSetItUp) {
  struct Case {
    Role by;
    Role of;
    bool may;
  };
  for (const auto& [by, of, may] :
       {Case{Role::owner, Role::owner, true}, Case{Role::owner, Role::member, true},
        Case{Role::admin, Role::owner, false}, Case{Role::admin, Role::admin, true},
        Case{Role::it_admin, Role::owner, false}, Case{Role::it_admin, Role::admin, false},
        Case{Role::it_admin, Role::network_admin, true}, Case{Role::it_admin, Role::member, true}}) {
    EXPECT_EQ(may_claim(by, of), may) << to_string(by) << " " << to_string(of);
  }
}

}  // namespace
}  // namespace latchkey::signon
