#include "core/policy/compile.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace latchkey::policy {
namespace {

using identity::Role;

PolicyNode person(int number, std::string login, Role role = Role::member) {
  const auto text = std::to_string(number);
  return {number, {std::move(login), role, {}}, {"100.64.0." + text, "fd7a:115c:a1e0::" + text}, {}};
}
PolicyNode tagged(int number, std::vector<std::string> tags, std::vector<std::string> routes = {}) {
  const auto text = std::to_string(number);
  return {number, {{}, {}, std::move(tags)}, {"100.64.0." + text}, std::move(routes)};
}

enum : std::size_t { alice, alice2, bob, web, router, exit_node };

// Who is where: the names above are places in this list.
std::vector<PolicyNode> nodes() {
  return {person(1, "alice@example.com", Role::admin),
          person(2, "Alice@example.com", Role::admin),
          person(4, "bob@example.com"),
          tagged(8, {"tag:web", "tag:prod"}),
          tagged(16, {"tag:router"}, {"10.33.0.0/16", "192.168.1.0/24"}),
          tagged(32, {"tag:exit"}, {"0.0.0.0/0", "::/0"})};
}

std::string definitions() {
  return R"("groups":{"group:dev":["bob@example.com"]},"hosts":{"db":"10.33.7.7","all":"10.0.0.0/8"},)"
         R"("tagOwners":{"tag:web":[],"tag:prod":[],"tag:router":[],"tag:exit":[]},)";
}
CompiledPolicy compiled(const std::string& sections) {
  const auto policy = Policy::parse("{" + definitions() + sections + "}");
  EXPECT_TRUE(policy.ok()) << policy.error().message;
  return compile(*policy, nodes());
}
CompiledPolicy acl(const std::string& src, const std::string& dst) {
  return compiled(R"("acls":[{"action":"accept","src":[)" + src + R"(],"dst":[)" + dst + "]}]");
}
boost::json::value json(const char* text) {
  return boost::json::parse(text);
}

TEST(Compile, TheStandardPolicyAllowsEverything) {
  const auto policy = compile(Policy::standard(), nodes());
  EXPECT_TRUE(policy.everything_is_visible());
  EXPECT_TRUE(policy.sees(alice, exit_node));
  EXPECT_EQ(policy.filter(web),
            json(R"([{"SrcIPs":["*"],"DstPorts":[{"IP":"*","Ports":{"First":0,"Last":65535}}]}])"));
}

TEST(Compile, AnEmptyListOfRulesAllowsNothing) {
  const auto policy = compiled(R"("acls":[])");
  for (std::size_t node = 0; node < policy.size(); ++node) EXPECT_TRUE(policy.filter(node).empty());
  EXPECT_FALSE(policy.sees(alice, alice2));
}

TEST(Compile, ANodeGetsTheRulesWhoseDestinationItIs) {
  const auto policy = acl(R"("group:dev","autogroup:admin")", R"("tag:web:22,443")");
  EXPECT_EQ(policy.filter(web),
            json(R"([{"SrcIPs":["100.64.0.1-100.64.0.2","100.64.0.4","fd7a:115c:a1e0::1-fd7a:115c:a1e0::2",)"
                 R"("fd7a:115c:a1e0::4"],"DstPorts":[{"IP":"100.64.0.8","Ports":{"First":22,"Last":22}},)"
                 R"({"IP":"100.64.0.8","Ports":{"First":443,"Last":443}}]}])"));
  EXPECT_TRUE(policy.filter(router).empty() && policy.filter(alice).empty());
  EXPECT_TRUE(policy.sees(alice, web) && policy.sees(web, alice) && policy.sees(bob, web));
  EXPECT_TRUE(policy.reaches(alice, web));
  EXPECT_FALSE(policy.reaches(web, alice) || policy.sees(alice, bob) || policy.sees(router, web));
}

// One row a selector: which nodes it means as a source, by being seen by the node of tag:web.
TEST(Compile, EverySelectorMeansItsNodes) {
  struct Row {
    const char* selector;
    std::vector<std::size_t> meant;
  };
  const Row rows[] = {
      {"*", {alice, alice2, bob, web, router, exit_node}},
      {"alice@example.com", {alice, alice2}},
      {"ALICE@EXAMPLE.COM", {alice, alice2}},
      {"stranger@example.com", {}},
      {"group:dev", {bob}},
      {"tag:router", {router}},
      {"tag:prod", {web}},
      {"autogroup:member", {alice, alice2, bob}},
      {"autogroup:tagged", {web, router, exit_node}},
      {"autogroup:admin", {alice, alice2}},
      {"autogroup:owner", {}},
      {"100.64.0.4", {bob}},
      {"100.64.0.0/30", {alice, alice2}},
      {"fd7a:115c:a1e0::2", {alice2}},
      {"db", {router}},  // through the route behind which it lies
      {"172.16.0.1", {}},
  };
  for (const auto& row : rows) {
    const auto policy = acl('"' + std::string(row.selector) + '"', R"("tag:web:*")");
    const auto mirrored = acl(R"("tag:web")", '"' + std::string(row.selector) + R"(:*")");
    for (std::size_t node = 0; node < policy.size(); ++node) {
      const bool meant = std::ranges::find(row.meant, node) != row.meant.end();
      EXPECT_EQ(policy.reaches(node, web), meant) << row.selector << " as source, node " << node;
      EXPECT_EQ(mirrored.reaches(web, node), meant) << row.selector << " as destination, node " << node;
      EXPECT_EQ(mirrored.filter(node).empty(), !meant) << row.selector << node;
    }
  }
}

TEST(Compile, ARouteBelongsIntoItsRoutersFilterAndShowsIt) {
  const auto policy = acl(R"("bob@example.com")", R"("db:5432","all:80","192.168.0.0/16:*","8.8.8.8:53")");
  EXPECT_EQ(policy.filter(router).at(0).at("DstPorts"),
            json(R"([{"IP":"10.33.7.7","Ports":{"First":5432,"Last":5432}},)"
                 R"({"IP":"10.33.0.0/16","Ports":{"First":80,"Last":80}},)"
                 R"({"IP":"192.168.1.0/24","Ports":{"First":0,"Last":65535}}])"));
  EXPECT_TRUE(policy.sees(bob, router));
  EXPECT_TRUE(policy.filter(exit_node).empty());
  EXPECT_FALSE(policy.sees(bob, web) || policy.sees(alice, router));
}

TEST(Compile, TheInternetIsBehindExitNodes) {
  const auto policy = acl(R"("autogroup:member")", R"("autogroup:internet:*")");
  EXPECT_TRUE(policy.sees(bob, exit_node));
  EXPECT_FALSE(policy.sees(bob, router) || policy.sees(web, exit_node) || policy.sees(alice, bob));
  const auto text = boost::json::serialize(policy.filter(exit_node));
  EXPECT_NE(text.find("\"8.0.0.0/7\""), std::string::npos) << text;
  EXPECT_EQ(text.find("\"100.64"), text.find("\"100.64.0.1-"));  // as source only
}

TEST(Compile, SelfIsTheSourcesOwnUntaggedDevices) {
  for (const char* source : {R"("autogroup:member")", R"("*")", R"("alice@example.com","group:dev")"}) {
    const auto policy = acl(source, R"("autogroup:self:22")");
    EXPECT_TRUE(policy.sees(alice, alice2)) << source;
    EXPECT_FALSE(policy.sees(alice, bob) || policy.sees(alice, web) || policy.sees(web, router)) << source;
    EXPECT_EQ(
        policy.filter(alice2),
        json(R"([{"SrcIPs":["100.64.0.1-100.64.0.2","fd7a:115c:a1e0::1-fd7a:115c:a1e0::2"],"DstPorts":[)"
             R"({"IP":"100.64.0.2","Ports":{"First":22,"Last":22}},)"
             R"({"IP":"fd7a:115c:a1e0::2","Ports":{"First":22,"Last":22}}]}])"))
        << source;
    EXPECT_TRUE(policy.filter(web).empty()) << source;
  }
  EXPECT_FALSE(acl(R"("group:dev")", R"("autogroup:self:*")").sees(alice, alice2));
}

TEST(Compile, ProtocolsBecomeRulesOfTheirOwn) {
  const auto policy = compiled(
      R"("grants":[{"src":["bob@example.com"],"dst":["tag:web"],"ip":["tcp:443","udp:53","8080","icmp:*"]}])");
  const auto filter = policy.filter(web);
  ASSERT_EQ(filter.size(), 4U);
  EXPECT_FALSE(filter[0].as_object().contains("IPProto"));
  EXPECT_EQ(filter[1].at("IPProto"), json("[1]"));
  EXPECT_EQ(filter[2].at("IPProto"), json("[6]"));
  EXPECT_EQ(filter[2].at("DstPorts"), json(R"([{"IP":"100.64.0.8","Ports":{"First":443,"Last":443}}])"));
  EXPECT_EQ(filter[3].at("IPProto"), json("[17]"));
}

TEST(Compile, CapabilitiesArePassedOn) {
  const auto policy = compiled(
      R"("grants":[{"src":["bob@example.com"],"dst":["tag:web"],"app":{"example.com/cap/x":[{"role":"admin",}]}}])");
  EXPECT_EQ(policy.filter(web),
            json(R"([{"SrcIPs":["100.64.0.4","fd7a:115c:a1e0::4"],"CapGrant":[)"
                 R"({"Dsts":["100.64.0.8/32"],"CapMap":{"example.com/cap/x":[{"role":"admin"}]}}]}])"));
  EXPECT_TRUE(policy.sees(bob, web));
}

TEST(Compile, RulesAddUp) {
  const auto policy = compiled(R"("acls":[{"action":"accept","src":["tag:web"],"dst":["tag:router:1"]},)"
                               R"({"action":"accept","src":["bob@example.com"],"dst":["10.33.0.0/16:2"]},)"
                               R"({"action":"accept","src":["10.33.0.0/16"],"dst":["tag:web:3"]}])");
  EXPECT_EQ(policy.filter(router).size(), 2U);
  EXPECT_EQ(
      policy.filter(web),
      json(R"([{"SrcIPs":["10.33.0.0/16"],"DstPorts":[{"IP":"100.64.0.8","Ports":{"First":3,"Last":3}}]}])"));
  EXPECT_TRUE(policy.reaches(router, web));
}

TEST(Compile, TenThousandNodesTakeNoTimeUnderTheStandardPolicy) {
  std::vector<PolicyNode> many;
  for (int i = 0; i < 10'000; ++i) {
    many.push_back({i,
                    {"u" + std::to_string(i % 500) + "@example.com", Role::member, {}},
                    {"100.64." + std::to_string(i / 250) + "." + std::to_string(i % 250)},
                    {}});
  }
  const auto open = compile(Policy::standard(), many);
  EXPECT_EQ(open.filter(9'999).size(), 1U);
  // Sources are written once for a rule, neighbours together.
  const auto members =
      *Policy::parse(R"({"acls":[{"action":"accept","src":["autogroup:member"],"dst":["*:*"]}]})");
  EXPECT_LE(compile(members, many).filter(0).at(0).at("SrcIPs").as_array().size(), 40U);
}

}  // namespace
}  // namespace latchkey::policy
