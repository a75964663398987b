#include "core/policy/policy.h"

#include <gtest/gtest.h>

namespace latchkey::policy {
namespace {

std::string refusal(std::string text) {
  const auto policy = Policy::parse(std::move(text));
  return policy.ok() ? "accepted" : policy.error().message;
}

// A policy with what tests refer to, and one more section.
std::string with(const std::string& section) {
  return R"({"groups":{"group:dev":["Alice@example.com","bob@example.com"]},"hosts":{"web":"10.0.0.5"},)"
         R"("tagOwners":{"tag:a":["group:dev"],"tag:b":[]},)" +
         section + "}";
}

std::string rule(const std::string& src, const std::string& dst) {
  return with(R"("acls":[{"action":"accept","src":[")" + src + R"("],"dst":[")" + dst + R"("]}])");
}

TEST(Policy, KeepsItsTextByteForByteAndHashesTheFormattedOne) {
  const std::string loose =
      "{\"acls\":[{\"action\":\"accept\",\"src\":[\"*\"],\"dst\":[\"*:*\"]}],// all\n}\n";
  const auto policy = Policy::parse(loose);
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  EXPECT_EQ(policy->text(), loose);
  EXPECT_EQ(policy->strict_json(), R"({"acls":[{"action":"accept","src":["*"],"dst":["*:*"]}]})");
  const auto formatted = Policy::parse(
      "{\n\t\"acls\": [{\"action\": \"accept\", \"src\": [\"*\"], \"dst\": [\"*:*\"]}], // all\n}\n");
  EXPECT_EQ(policy->hash().size(), 64U);
  EXPECT_EQ(policy->hash(), formatted->hash());
}

TEST(Policy, StandardAllowsEverythingAndDefinesNothing) {
  const auto policy = Policy::standard();
  EXPECT_TRUE(policy.is_standard());
  ASSERT_EQ(policy.rules().size(), 1U);
  EXPECT_EQ(policy.rules()[0].sources[0].kind, Selector::Kind::everything);
  EXPECT_TRUE(policy.tag_owners().empty());
  EXPECT_FALSE(Policy::parse(policy.text())->is_standard());
}

TEST(Policy, WithoutRulesAllowsEverythingAndWithAnEmptyListNothing) {
  EXPECT_EQ(Policy::parse("{}")->rules().size(), 1U);
  EXPECT_EQ(Policy::parse(R"({"acls":null})")->rules().size(), 1U);
  EXPECT_TRUE(Policy::parse(R"({"acls":[]})")->rules().empty());
  EXPECT_TRUE(Policy::parse(R"({"grants":[]})")->rules().empty());
}

TEST(Policy, TakesOldSpellingsInAnyCase) {
  const auto policy = Policy::parse(
      R"({"ACLs":[{"Action":"accept","Users":["group:x"],"Ports":["tag:t:22,80-90"],"Proto":"TCP"}],)"
      R"("Groups":{"group:x":["a@b.c"]},"TagOwners":{"tag:t":null},"Tests":[]})");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  const auto& parsed = policy->rules().at(0);
  EXPECT_EQ(parsed.sources[0], (Selector{.kind = Selector::Kind::group, .name = "group:x"}));
  EXPECT_EQ(parsed.targets[0].access,
            (std::vector<Access>{{Protocol{kTcp}, {22, 22}}, {Protocol{kTcp}, {80, 90}}}));
}

TEST(Policy, TakesEverySelectorWhereItFits) {
  for (const char* source :
       {"*", "alice@example.com", "group:dev", "tag:a", "web", "100.64.0.1", "10.0.0.0/8", "fd7a::/64",
        "autogroup:member", "autogroup:members", "autogroup:tagged", "autogroup:admin",
        "autogroup:network-admin", "autogroup:danger-all", " tag:a "}) {
    EXPECT_EQ(refusal(rule(source, "*:*")), "accepted") << source;
  }
  for (const char* target : {"*:*", "alice@example.com:22", "group:dev:*", "tag:a:1-65535", "web:80,443",
                             "10.0.0.0/8:*", "[fd7a::1]:22", "fd7a::1:22", "fd7a::/64:22",
                             "autogroup:member:*", "autogroup:internet:443", "autogroup:tagged:22"}) {
    EXPECT_EQ(refusal(rule("*", target)), "accepted") << target;
  }
  EXPECT_EQ(refusal(rule("group:dev", "autogroup:self:*")), "accepted");
  EXPECT_EQ(refusal(rule("*", "autogroup:self:*")), "accepted");
}

TEST(Policy, RefusesWhatIsUndefinedOrOutOfPlaceAndNamesIt) {
  struct Row {
    std::string text;
    const char* says;
  };
  const Row rows[] = {
      {rule("tag:x", "*:*"), R"(src=tag not found: "tag:x")"},
      {rule("group:x", "*:*"), R"(src=group not found: "group:x")"},
      {rule("nohost", "*:*"), R"(src=host not found: "nohost")"},
      {rule("autogroup:shared", "*:*"), R"(autogroup not found: "autogroup:shared")"},
      {rule("autogroup:self", "*:*"), R"("autogroup:self" not valid on the src side of a rule)"},
      {rule("autogroup:internet", "*:*"), R"("autogroup:internet" not valid on the src side of a rule)"},
      {rule("*", "autogroup:danger-all:*"), "cannot use autogroup:danger-all as a dst"},
      {rule("*", "tag:x:22"), R"(dst="tag:x:22": tag not found: "tag:x")"},
      {rule("*", "tag:a"), R"(dst="tag:a": port range "a": invalid first integer)"},
      {rule("*", "web"), R"(dst="web": hostport must contain a colon)"},
      {rule("*", "tag:a:ssh"), R"(dst="tag:a:ssh": port range "ssh": invalid first integer)"},
      {rule("*", "tag:a:0"), "first port must be >0, or use '*' for wildcard"},
      {rule("*", "tag:a:9-8"), "first port must be <= last port"},
      {rule("*", "tag:a:65536"), "invalid first integer"},
      {rule("*", "10.0.0.1/8:*"), R"(invalid prefix: "10.0.0.1/8")"},
      {rule("tag:a", "autogroup:self:*"), "autogroup:self can only be used with users, groups"},
      {rule("ipset:x", "*:*"), R"("ipset:x" is not supported by this server)"},
      {with(R"("acls":[{"action":"deny","src":["*"],"dst":["*:*"]}])"), R"(action="deny" is not supported)"},
      {with(R"("acls":[{"src":["*"],"dst":["*:*"]}])"), "action is missing"},
      {with(R"("acls":[{"action":"accept","src":["*"],"users":["*"],"dst":["*:*"]}])"), "another word for"},
      {with(R"("acls":[{"action":"accept","src":"*","dst":["*:*"]}])"), "src must be an array"},
      {with(R"("acls":[{"action":"accept","src":["*"],"dst":["*:80"],"proto":"icmp"}])"), "has no ports"},
      {with(R"("acls":[{"action":"accept","src":["*"],"dst":["*:*"],"proto":"07"}])"), "known protocol"},
      {with(R"("acls":[{"action":"accept","src":["*"],"dst":["*:*"],"srcPosture":["p"]}])"),
       R"("srcPosture")"},
      {with(R"("acls":{})"), "acls must be an array"},
      {with(R"("grants":[{"src":["*"],"dst":["*"]}])"), "ip and app can not both be empty"},
      {with(R"("grants":[{"src":["*"],"dst":["0.0.0.0/0"],"ip":["*"]}])"), "to allow all IP addresses"},
      {with(R"("grants":[{"src":["*"],"dst":["*"],"ip":["*"],"via":["tag:a"]}])"), R"("via" in a grant)"},
      {with(R"("grants":[{"src":["*"],"dst":["autogroup:self"],"ip":["*"]}])"), "autogroup:self can only"},
      {with(R"("grants":[{"src":["*"],"dst":["*"],"ip":["icmp:5"]}])"), "has no ports"},
      {with(R"("grants":[{"src":["*"],"dst":["*"],"app":{"x":[]}}])"), "the form {domain}/{path}"},
      {with(R"("grants":[{"src":["*"],"dst":["*"],"app":{"tailscale.com/cap/drive":[]}}])"), "not supported"},
      {with(R"("grants":[{"src":["*"],"dst":["*"],"app":{"tailscale.com/cap/x":[]}}])"),
       "tailscale.com domain"},
      {with(R"("tests":[{"src":"tag:a","accept":["*:22"]}])"), "not valid as a destination of a test"},
      {with(R"("tests":[{"src":"tag:a"}])"), "at least one of accept and deny"},
      {with(R"("tests":[{"src":"tag:a","deny":["web:1-2"]}])"), "single port"},
      {with(R"("tests":[{"src":"tag:a","deny":["10.0.0.0/8:22"]}])"), "single address"},
      {R"({"groups":{"group:a":["group:b"],"group:b":[]}})", "the members of a group are users"},
      {R"({"groups":{"dev":[]}})", "a group is named group: and a name"},
      {R"({"groups":{"group:a":[],"group:a":[]}})", R"("group:a" is defined twice)"},
      {R"({"hosts":{"web":"10.0.0.300"}})", "contains invalid IP address"},
      {R"({"hosts":{"a:b":"10.0.0.3"}})", "invalid host name"},
      {R"({"tagOwners":{"a":[]}})", R"("a" is no tag)"},
      {R"({"tagOwners":{"tag:a":["tag:none"]}})", "tag not found"},
      {R"({"tagOwners":{"tag:a":["*"]}})", "not valid as the owner of a tag"},
      {R"({"autoApprovers":{"routes":{"10.0.0.0/33":[]}}})", "invalid prefix"},
      {R"({"autoApprovers":{"services":{}}})", R"("services" in autoApprovers)"},
      {R"({"acls":[],"ACLs":[]})", R"("ACLs" stands twice)"},
      {"[]", "the policy file must be an object"},
  };
  for (const auto& row : rows) {
    const auto said = refusal(row.text);
    EXPECT_NE(said.find(row.says), std::string::npos) << row.text << "\n" << said;
    EXPECT_TRUE(said.starts_with("line 1, column ")) << said;
  }
}

TEST(Policy, ErrorsNameTheLine) {
  EXPECT_EQ(refusal("{\n  // who\n  \"acls\": [\n    {\"action\": \"accept\", \"src\": [\"tag:x\"], \"dst\": "
                    "[]},\n  ],\n}\n"),
            "line 4, column 34: src=tag not found: \"tag:x\"");
}

TEST(Policy, RefusesWhatItDoesNotEnforceUnlessItIsEmpty) {
  for (const char* section : {R"("ssh":[{"action":"check"}])", R"("postures":{"posture:a":[]})",
                              R"("nodeAttrs":[{"target":["*"]}])", R"("derpMap":{"OmitDefaultRegions":true})",
                              R"("ipsets":{"ipset:a":[]})", R"("disableIPv4":true)",
                              R"("randomizeClientPort":true)", R"("oneCGNATRoute":"mac-always")"}) {
    const std::string name(section, std::string_view(section).find(':'));
    EXPECT_EQ(refusal(with(section)).find(name + " is not supported by this server") != std::string::npos,
              true)
        << section;
  }
  EXPECT_EQ(refusal(with(R"("ssh":[],"sshTests":null,"postures":{},"nodeAttrs":[],"disableIPv4":false,)"
                         R"("randomizeClientPort":false,"oneCGNATRoute":"","derpMap":null)")),
            "accepted");
  // A misspelt section would otherwise allow everything.
  EXPECT_NE(refusal(R"({"alcs":[]})").find(R"("alcs" is not supported)"), std::string::npos);
}

TEST(Policy, RefusesKeysAndTooMuch) {
  EXPECT_NE(refusal("{} // tskey-auth-kX\n").find("holds a key"), std::string::npos);
  EXPECT_NE(refusal(std::string(kMaxPolicyBytes + 1, ' ')).find("longer than"), std::string::npos);
  std::string many = R"({"acls":[)";
  for (std::size_t i = 0; i <= kMaxRules; ++i) many += "{},";
  EXPECT_NE(refusal(many + "]}").find("at most 5000"), std::string::npos);
}

}  // namespace
}  // namespace latchkey::policy
