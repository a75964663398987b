#include "core/policy/ownership.h"

#include <gtest/gtest.h>

#include "core/policy/tag.h"

namespace latchkey::policy {
namespace {

using identity::Role;

Identity person(std::string login, Role role = Role::it_admin) {
  return {std::move(login), role, {}};
}

std::string refused(const std::vector<std::string>& tags, const Identity& who, const Policy& policy) {
  const auto checked = check_tags(tags, who, policy);
  return checked.ok() ? "" : checked.error().message;
}

Policy sample() {
  return *Policy::parse(R"({
    "groups": {"group:ops": ["carol@example.com"]},
    "tagOwners": {
      "tag:named": ["Alice@example.com"], "tag:group": ["group:ops"], "tag:anyone": ["autogroup:member"],
      "tag:role": ["autogroup:it-admin"], "tag:nobody": [],
      "tag:operator": ["alice@example.com"], "tag:k8s": ["tag:operator"], "tag:pod": ["tag:k8s"],
      "tag:x": ["tag:y"], "tag:y": ["tag:x"],
    },
    "autoApprovers": {
      "routes": {"10.0.0.0/8": ["tag:k8s", "alice@example.com"], "0.0.0.0/0": ["group:ops"]},
      "exitNode": ["tag:operator"],
    },
  })");
}

TEST(Tag, IsAPrefixALetterThenLettersDigitsAndHyphens) {
  for (const char* good : {"tag:a", "tag:ci", "tag:Web-1", "tag:k8s-operator"})
    EXPECT_TRUE(is_tag(good)) << good;
  for (const char* bad : {"", "tag:", "ci", "tag:1a", "tag:-a", "tag:a b", "tag:a_b", "Tag:a", "tag:é"}) {
    EXPECT_FALSE(is_tag(bad)) << bad;
  }
}

TEST(CheckTags, WithoutAPolicyFileThreeRolesMayUseAnyWellFormedTag) {
  const auto policy = Policy::standard();
  for (const auto role : identity::kRoles) {
    const bool allowed = role == Role::owner || role == Role::admin || role == Role::network_admin;
    EXPECT_EQ(check_tags({"tag:ci"}, person("a@b.c", role), policy).ok(), allowed) << to_string(role);
  }
  EXPECT_EQ(refused({"tag:ci", "tag:-x", "web"}, person("a@b.c", Role::owner), policy),
            "requested tags [tag:-x web] are invalid or not permitted");
}

TEST(CheckTags, WithAPolicyFileTheTagMustBeDefinedAndOwned) {
  const auto policy = sample();
  struct Row {
    const char* tag;
    const char* login;
    bool allowed;
  };
  const Row rows[] = {
      {"tag:named", "ALICE@example.com", true},   {"tag:named", "bob@example.com", false},
      {"tag:group", "carol@example.com", true},   {"tag:group", "alice@example.com", false},
      {"tag:anyone", "bob@example.com", true},    {"tag:role", "bob@example.com", true},
      {"tag:nobody", "alice@example.com", false}, {"tag:k8s", "alice@example.com", true},
      {"tag:pod", "alice@example.com", true},     {"tag:pod", "bob@example.com", false},
      {"tag:x", "alice@example.com", false},      {"tag:undefined", "alice@example.com", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(check_tags({row.tag}, person(row.login), policy).ok(), row.allowed) << row.tag << row.login;
  }
  EXPECT_FALSE(check_tags({"tag:role"}, person("bob@example.com", Role::member), policy).ok());
}

TEST(CheckTags, TheThreeRolesMayUseAnyDefinedTagAndNoOther) {
  const auto policy = sample();
  for (const auto role : {Role::owner, Role::admin, Role::network_admin}) {
    EXPECT_TRUE(check_tags({"tag:nobody", "tag:x"}, person("z@b.c", role), policy).ok());
    EXPECT_EQ(refused({"tag:nobody", "tag:new"}, person("z@b.c", role), policy),
              "requested tags [tag:new] are invalid or not permitted");
  }
}

TEST(CheckTags, AHolderOfATagMayGiveItAndWhatItOwns) {
  const auto policy = sample();
  const Identity client{{}, {}, {"tag:operator"}};
  EXPECT_TRUE(check_tags({"tag:operator", "tag:k8s", "tag:pod"}, client, policy).ok());
  EXPECT_EQ(refused({"tag:k8s", "tag:anyone"}, client, policy),
            "requested tags [tag:anyone] are invalid or not permitted");
}

TEST(CheckTags, BoundsTheListAndIsARefusal) {
  EXPECT_FALSE(check_tags(std::vector<std::string>(kMaxTags + 1, "tag:a"), person("a@b.c"), sample()).ok());
  EXPECT_TRUE(check_tags({"tag:a"}, person("a@b.c"), sample()).error().refusal);
  EXPECT_LT(refused({std::string(5000, 'x')}, person("a@b.c"), sample()).size(), 200U);
}

TEST(AutoApproves, RoutesWithinAnEntryForItsApprovers) {
  const auto policy = sample();
  const Identity k8s{{}, {}, {"tag:k8s"}};
  const Identity exit{{}, {}, {"tag:operator"}};
  const auto route = [](const char* text) { return *parse_prefix(text); };
  EXPECT_TRUE(auto_approves(policy, k8s, route("10.0.0.0/8")));
  EXPECT_TRUE(auto_approves(policy, k8s, route("10.33.0.0/16")));
  EXPECT_FALSE(auto_approves(policy, k8s, route("192.168.0.0/16")));
  EXPECT_FALSE(auto_approves(policy, exit, route("10.33.0.0/16")));
  EXPECT_TRUE(auto_approves(policy, person("alice@example.com"), route("10.1.0.0/24")));
  EXPECT_TRUE(auto_approves(policy, person("carol@example.com"), route("192.168.0.0/16")));
  // Exit nodes are a matter of their own.
  EXPECT_TRUE(auto_approves(policy, exit, route("0.0.0.0/0")) && auto_approves(policy, exit, route("::/0")));
  EXPECT_FALSE(auto_approves(policy, person("carol@example.com"), route("0.0.0.0/0")));
  EXPECT_FALSE(auto_approves(Policy::standard(), k8s, route("10.0.0.0/8")));
}

}  // namespace
}  // namespace latchkey::policy
