// Who may do what over the API: every route with every scope and every role, against the running handlers.
// The table is written a second time here, by hand; that none is missing is checked against the list of
// routes.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <random>
#include <set>

#include "base/text.h"
#include "http/routes.h"
#include "testing/api_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::ApiWorld;
using testing::json_of;

struct Row {
  const char* operation;
  const char* body;
  std::set<std::string> scopes;  // any one is enough; none: not for trust credentials
  // Owner, Admin, Network, IT, Billing admin, Auditor, Member.
  const char* roles;
  const char* further = nullptr;  // a scope that must be held besides
};

constexpr const char* kAuthKey = R"({"capabilities":{"devices":{"create":{"tags":["tag:ci"]}}}})";
constexpr const char* kWebhook =
    R"({"endpointUrl":"https://ops.example.com/","subscriptions":["nodeCreated"]})";
const std::set<std::string> kReadKeys{"auth_keys:read", "oauth_keys:read", "federated_keys:read",
                                      "api_access_tokens:read"};
const std::set<std::string> kWriteKeys{"auth_keys", "oauth_keys", "federated_keys", "api_access_tokens"};
const std::set<std::string> kReadSettings{"feature_settings:read", "policy_file:read",
                                          "networking_settings:read", "logs:network:read"};
const std::set<std::string> kWriteSettings{"feature_settings", "policy_file", "networking_settings",
                                           "logs:network"};

// Paths with an id name something that is not there: who may gets 404 or 400, who may not 403.
const Row kRows[] = {
    {"listTailnetKeys", "", kReadKeys, "xxxxxx-"},
    {"createKey", kAuthKey, {"auth_keys"}, "xxx----"},  // IT admins may not use any tag
    {"getKey", "", kReadKeys, "xxxxxx-"},
    {"setKey", R"({"keyType":"client","scopes":["dns:read"]})", {"oauth_keys", "federated_keys"}, "xxxx---"},
    {"deleteKey", "", kWriteKeys, "xxxx---"},
    {"reportLeakedSecrets", R"([{"token":"x"}])", kWriteKeys, "xxxx---"},
    {"rotateKey", "{}", {"oauth_keys", "federated_keys"}, "xxxx---"},
    {"getPolicyFile", "", {"policy_file:read"}, "xxxxxx-"},
    {"setPolicyFile", "{", {"policy_file"}, "xxx----"},
    {"validateAndTestPolicyFile", "{}", {"policy_file:read"}, "xxxxxx-"},
    {"previewRuleMatches", "{}", {"policy_file:read"}, "xxxxxx-"},
    {"listConfigurationAuditLogs", "", {"logs:configuration:read"}, "xxxxxx-"},
    {"listTailnetDevices", "", {"devices:core:read"}, "xxxxxx-"},
    {"batchUpdateCustomDevicePostureAttributes",
     R"({"nodes":{}})",
     {"devices:posture_attributes"},
     "xx-x---"},
    {"getDevice", "", {"devices:core:read"}, "xxxxxx-"},
    {"deleteDevice", "", {"devices:core"}, "xx-x---"},
    {"authorizeDevice", R"({"authorized":true})", {"devices:core"}, "xx-x---"},
    {"setDeviceName", R"({"name":"a"})", {"devices:core"}, "xx-x---"},
    {"setDeviceTags", R"({"tags":["tag:ci"]})", {"devices:core"}, "xx-x---"},
    {"updateDeviceKey", R"({"keyExpiryDisabled":true})", {"devices:core"}, "xx-x---"},
    {"expireDeviceKey", "", {"devices:core"}, "xx-x---"},
    {"setDeviceIp", R"({"ipv4":"100.64.0.9"})", {"devices:core"}, "xx-x---"},
    {"listDeviceRoutes", "", {"devices:routes:read"}, "xxxxxx-"},
    {"setDeviceRoutes", R"({"routes":[]})", {"devices:routes"}, "xxxx---"},
    {"getDevicePostureAttributes", "", {"devices:posture_attributes:read"}, "xxxxxx-"},
    {"setCustomDevicePostureAttributes", R"({"value":"1"})", {"devices:posture_attributes"}, "xx-x---"},
    {"deleteCustomDevicePostureAttributes", "", {"devices:posture_attributes"}, "xx-x---"},
    {"listUsers", "", {"users:read"}, "xxxxxx-"},
    {"getUser", "", {"users:read"}, "xxxxxx-"},
    {"approveUser", "", {"users"}, "xx-x---"},
    {"suspendUser", "", {"users"}, "xx-x---"},
    {"restoreUser", "", {"users"}, "xx-x---"},
    {"deleteUser", "", {"users"}, "xx-x---"},
    {"updateUserRole", R"({"role":"member"})", {"users"}, "xx-x---"},
    {"listUserInvites", "", {"users:read"}, "xxxxxx-"},
    {"createUserInvites", "[{}]", {}, "xx-x---"},  // somebody invites
    {"getUserInvite", "", {"users:read"}, "xxxxxx-"},
    {"deleteUserInvite", "", {}, "xx-x---"},
    {"resendUserInvite", "", {}, "xx-x---"},
    {"addUser", "{}", {"users"}, "xx-x---"},
    {"transferOwnership", "", {}, "-------"},  // not with a token at all
    {"getTailnetSettings", "", kReadSettings, "xxxxxx-"},
    {"updateTailnetSettings", "{}", kWriteSettings, "xx-x---"},
    {"listDnsNameservers", "", {"dns:read"}, "xxxxxx-"},
    {"setDnsNameservers", R"({"dns":[]})", {"dns"}, "xxx----"},
    {"getDnsPreferences", "", {"dns:read"}, "xxxxxx-"},
    {"setDnsPreferences", R"({"magicDNS":true})", {"dns"}, "xxx----"},
    {"listDnsSearchPaths", "", {"dns:read"}, "xxxxxx-"},
    {"setDnsSearchPaths", R"({"searchPaths":[]})", {"dns"}, "xxx----"},
    {"getSplitDns", "", {"dns:read"}, "xxxxxx-"},
    {"updateSplitDns", "{}", {"dns"}, "xxx----"},
    {"setSplitDns", "{}", {"dns"}, "xxx----"},
    {"getDnsConfiguration", "", {"dns:read"}, "xxxxxx-"},
    {"setDnsConfiguration", "{}", {"dns"}, "xxx----"},
    {"getContacts", "", {"account_settings:read"}, "xxxxxx-"},
    {"updateContact", R"({"email":"a@example.com"})", {"account_settings"}, "xx-x---"},
    {"resendContactVerificationEmail", "", {"account_settings"}, "xx-x---"},
    {"getLogStreamingConfiguration", "", {"log_streaming:read"}, "xxxx---"},
    {"setLogStreamingConfiguration", "{}", {"log_streaming"}, "xxxx---"},
    {"disableLogStreaming", "", {"log_streaming"}, "xxxx---"},
    {"getLogStreamingStatus", "", {"log_streaming:read"}, "xxxx---"},
    {"getAwsExternalId", "{}", {"log_streaming"}, "xxxx---"},
    {"validateAwsExternalId", "{}", {"log_streaming"}, "xxxx---"},
    {"getPostureIntegrations", "", {"feature_settings:read"}, "xxxxxx-"},
    {"createPostureIntegration", "{}", {"feature_settings"}, "xx-x---"},
    {"getPostureIntegration", "", {"feature_settings:read"}, "xxxxxx-"},
    {"updatePostureIntegration", "{}", {"feature_settings"}, "xx-x---"},
    {"deletePostureIntegration", "", {"feature_settings"}, "xx-x---"},
    {"listServices", "", {"services:read"}, "xxxxxx-"},
    {"getService", "", {"services:read"}, "xxxxxx-"},
    {"updateService", "{}", {"services"}, "xxx----"},
    {"deleteService", "", {"services"}, "xxx----"},
    {"listServiceHosts", "", {"services:read"}, "xxxxxx-", "devices:core:read"},
    {"getServiceDeviceApproval", "", {"services:read"}, "xxxxxx-", "devices:core:read"},
    {"updateServiceDeviceApproval", "{}", {"services"}, "xxxx---", "devices:core"},
    {"listVipServices", "", {"services:read"}, "xxxxxx-"},
    {"getVipService", "", {"services:read"}, "xxxxxx-"},
    {"updateVipService", "{}", {"services"}, "xxx----"},
    {"deleteVipService", "", {"services"}, "xxx----"},
    {"listVipServiceHosts", "", {"services:read"}, "xxxxxx-", "devices:core:read"},
    {"getVipServiceDeviceApproval", "", {"services:read"}, "xxxxxx-", "devices:core:read"},
    {"updateVipServiceDeviceApproval", "{}", {"services"}, "xxxx---", "devices:core"},
    {"completeDeviceLogin", "{}", {}, "xx-x---"},
    {"listWebhooks", "", {"webhooks:read"}, "xxxx---"},
    {"createWebhook", kWebhook, {"webhooks"}, "xxxx---"},
    {"getWebhook", "", {"webhooks:read"}, "xxxx---"},
    {"updateWebhook", R"({"subscriptions":["nodeCreated"]})", {"webhooks"}, "xxxx---"},
    {"deleteWebhook", "", {"webhooks"}, "xxxx---"},
    {"testWebhook", "", {"webhooks"}, "xxxx---"},
    {"rotateWebhookSecret", "", {"webhooks"}, "xxxx---"},
    {"listWebhookDeliveries", "", {"webhooks:read"}, "xxxx---"},
    {"replayWebhookDeliveries", R"({"numbers":[1]})", {"webhooks"}, "xxxx---"},
    {"getWebhookDelivery", "", {"webhooks:read"}, "xxxx---"},
    {"revokeMatchingKeys", R"({"query":"type:auth"})", kWriteKeys, "xxxx---"},
    {"getProvisioning", "", {}, "xx-x---"},
    {"enableProvisioning", "", {}, "xx-x---"},
    {"disableProvisioning", R"({"revokeKey":true})", {}, "xx-x---"},
    {"generateScimKey", "", {}, "xx-x---"},
    {"revokeScimKey", "", {}, "xx-x---"},
    {"releaseProvisioningGuard", "{}", {}, "xx-x---"},
    {"refuseProvisioningGuard", "", {}, "xx-x---"},
    {"setGroupRole", R"({"role":"auditor"})", {}, "xx-x---"},
    {"listGroups", "", {"users:read"}, "xxxxxx-"},
    {"getGroup", "", {"users:read"}, "xxxxxx-"},
    {"previewOffboarding", "", {"users"}, "xx-x---"},
    {"offboardUser", R"({"end":"suspend","fingerprint":"0-0"})", {"users"}, "xx-x---"},
    {"reportOffboarding", "", {"users"}, "xx-x---"},
    {"verifyAuditLog", "", {"logs:configuration:read"}, "xxxxxx-"},
    {"createAccessToken", "{}", {}, "-------"},  // not with a token at all
    {"createLoginLink", "{}", {}, "-------"},
    {"listSessions", "", {}, "xxxxxxx"},  // their own
    {"endSessions", "", {}, "xxxxxxx"},
    {"endSession", "", {}, "xxxxxxx"},
    {"listIdentityProviders", "", {}, "xx-x---"},
    {"createIdentityProvider", "{}", {}, "xx-x---"},
    {"getIdentityProvider", "", {}, "xx-x---"},
    {"updateIdentityProvider", "{}", {}, "xx-x---"},
    {"deleteIdentityProvider", "", {}, "xx-x---"},
    {"checkIdentityProvider", "", {}, "xx-x---"},
    {"listUserIdentities", "", {}, "xxxxxx-"},
    {"unlinkUserIdentities", "", {}, "xx-x---"},
};
// The same route with another body is another operation.
const Row kVariants[] = {
    {"createKey", R"({"keyType":"client","scopes":["oauth_keys:read"]})", {"oauth_keys"}, "xxxx---"},
    {"createKey",
     R"({"keyType":"federated","scopes":["federated_keys:read"],"issuer":"https://issuer.example","subject":"a"})",
     {"federated_keys"},
     "xxxx---"},
    {"setKey",
     R"({"keyType":"federated","scopes":["dns:read"]})",
     {"oauth_keys", "federated_keys"},
     "xxxx---"},
};
// Whoever is somebody may ask this.
const std::set<std::string> kForEverybody{"whoAmI", "getSession"};
// No token is asked for: these take a secret, a token of an issuer or a machine's key instead, or tell
// nothing.
const std::set<std::string> kWithoutToken{
    "mintAccessToken", "exchangeToken",  "introspectAccessToken", "revokeAccessToken", "verifyLeakedSecret",
    "controlKey",      "controlUpgrade", "controlWebSocket",      "healthz",           "readyz"};
// Pages, which say who is signed in and let nobody in by a token.
const std::set<std::string> kPages{"showDeviceLogin", "connectDevice", "showHome",     "beginSignOn",
                                   "finishSignOn",    "showLoginLink", "useLoginLink", "signOut",
                                   "endOwnSessions",  "showSignedOut", "showInvite"};
const std::set<std::string> kOnTheMachine{"createTailnet", "backUp"};

std::string target_of(const Route& route) {
  std::string path(route.pattern);
  const std::pair<const char*, const char*> elements[] = {{"{tailnet}", "-"},
                                                          {"{keyId}", "kNoSuchKeyCNTRL"},
                                                          {"{deviceId}", "nNoSuchCNTRL"},
                                                          {"{attributeKey}", "custom:x"},
                                                          {"{contactType}", "account"},
                                                          {"{userId}", "uNoSuchUserCNTRL"},
                                                          {"{inviteId}", "iNoSuchCNTRL"},
                                                          {"{logType}", "network"},
                                                          {"{externalId}", "none"},
                                                          {"{integrationId}", "pNoSuchCNTRL"},
                                                          {"{serviceName}", "svc:none"},
                                                          {"{endpointId}", "wNoSuchEndCNTRL"},
                                                          {"{number}", "1"},
                                                          {"{sessionId}", "sNoSuchSessCNTRL"},
                                                          {"{providerId}", "none"},
                                                          {"{groupId}", "gNoSuchGrpCNTRL"},
                                                          {"{resourceId}", "uNoSuchUserCNTRL"},
                                                          {"{schemaUrn}", "urn:none"},
                                                          {"{typeName}", "None"},
                                                          {"{loginId}", "00000000000000000000000000000000"}};
  for (const auto& [name, value] : elements) {
    const auto at = path.find(name);
    if (at != std::string::npos) path.replace(at, std::string(name).size(), value);
  }
  if (route.operation_id == "listConfigurationAuditLogs") {
    path += "?start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z";
  }
  if (route.operation_id == "previewRuleMatches") path += "?type=user&previewFor=owner%40example.com";
  return path;
}

const Row* row_of(std::string_view operation) {
  const auto* found = std::ranges::find(kRows, operation, &Row::operation);
  return found == std::end(kRows) ? nullptr : found;
}

std::vector<const Route*> routes_of_callers() {
  std::vector<const Route*> list;
  for (const auto& route : routes()) {
    const bool takes_tokens = route.access == Access::caller || route.access == Access::console;
    if (takes_tokens && !kForEverybody.contains(std::string(route.operation_id))) {
      list.push_back(&route);
    }
  }
  return list;
}

class AccessMatrix : public ::testing::Test {
 protected:
  AccessMatrix() {
    api_.world.store_policy(R"({"tagOwners": {"tag:ci": []}})");
    owner_ = api_.token(Role::owner);
  }
  // Whether a set of scopes has one that the route's row lists, by the words alone.
  static bool has_one_of(const std::vector<std::string>& held, const std::set<std::string>& wanted) {
    return std::ranges::any_of(wanted, [&](const std::string& needed) {
      const bool reads = needed.ends_with(":read");
      return std::ranges::any_of(held, [&](const std::string& scope) {
        return scope == needed || scope == "all" ||
               (reads && (scope + ":read" == needed || scope == "all:read"));
      });
    });
  }
  void expect_reached(const std::vector<std::string>& scopes, const std::vector<std::string>& meant) {
    const auto token = token_with(scopes);
    std::string shown;
    for (const auto& scope : scopes) shown += scope + " ";
    for (const auto& [route, row] : asked()) {
      const auto got = status(*route, *row, token);
      const bool further = row->further == nullptr || has_one_of(meant, {row->further});
      EXPECT_EQ(got != 403, has_one_of(meant, row->scopes) && further)
          << shown << " " << route->operation_id << " " << row->body << " " << got;
      EXPECT_NE(got, 401) << shown << " " << route->operation_id;
      EXPECT_LT(got, 500) << shown << " " << route->operation_id;
    }
  }
  static std::vector<std::pair<const Route*, const Row*>> asked() {
    std::vector<std::pair<const Route*, const Row*>> all;
    for (const auto* route : routes_of_callers()) {
      all.emplace_back(route, row_of(route->operation_id));
      for (const auto& row : kVariants) {
        if (row.operation == route->operation_id) all.emplace_back(route, &row);
      }
    }
    return all;
  }
  int status(const Route& route, const Row& row, const std::string& token) {
    return api_.call(std::string(route.method), target_of(route), token, {{}, row.body}).status;
  }
  int status(const Route& route, const std::string& token) {
    const auto* row = row_of(route.operation_id);
    return api_.call(std::string(route.method), target_of(route), token, {{}, row ? row->body : ""}).status;
  }
  std::string token_with(const std::vector<std::string>& scopes) {
    const boost::json::object client{{"keyType", "client"},
                                     {"tags", boost::json::array{"tag:ci"}},
                                     {"scopes", boost::json::array(scopes.begin(), scopes.end())}};
    const auto made =
        api_.call("POST", "/api/v2/tailnet/-/keys", owner_, {{}, boost::json::serialize(client)});
    EXPECT_EQ(made.status, 200) << made.body;
    const std::string secret(json_of(made).at("key").as_string());
    const auto token = api_.call("POST", "/api/v2/oauth/token", {}, {{}, "client_secret=" + secret});
    EXPECT_EQ(token.status, 200) << token.body;
    return std::string(json_of(token).at("access_token").as_string());
  }

  ApiWorld api_;
  std::string owner_;
};

TEST_F(AccessMatrix, HasARowForEveryRoute) {
  std::set<std::string_view> seen;
  for (const auto* route : routes_of_callers()) {
    EXPECT_NE(row_of(route->operation_id), nullptr) << route->operation_id;
    seen.insert(route->operation_id);
  }
  for (const auto& row : kRows) EXPECT_TRUE(seen.contains(row.operation)) << row.operation;
}

TEST_F(AccessMatrix, EveryOtherRouteIsNamedHere) {
  std::set<std::string> without_token;
  std::set<std::string> on_the_machine;
  std::set<std::string> pages;
  for (const auto& route : routes()) {
    if (route.access == Access::anyone) without_token.emplace(route.operation_id);
    if (route.access == Access::visitor) pages.emplace(route.operation_id);
    if (route.access == Access::local) on_the_machine.emplace(route.operation_id);
  }
  EXPECT_EQ(without_token, kWithoutToken);
  EXPECT_EQ(on_the_machine, kOnTheMachine);
  EXPECT_EQ(pages, kPages);
  for (const auto& route : routes()) {
    if (route.access == Access::local) EXPECT_EQ(status(route, owner_), 404) << route.operation_id;
  }
}

TEST_F(AccessMatrix, NoRouteIsReachedWithoutATokenOfThisServer) {
  const auto auth_key = *api_.world.issue_auth_key(Role::owner);
  const auto client =
      api_.call("POST", "/api/v2/tailnet/-/keys", owner_, {{}, R"({"keyType":"client","scopes":["all"]})"});
  ASSERT_EQ(client.status, 200) << client.body;
  auto wrong = owner_;
  auto& letter = wrong[wrong.size() - 20];
  letter = letter == 'a' ? 'b' : 'a';
  const auto ended = token_with({"all"});
  ASSERT_EQ(api_.call("DELETE", "/api/v2/tailnet/-/keys/" + std::string(split(ended, '-')[2]), owner_).status,
            200);
  const std::string tokens[] = {
      "",    "x",  std::string(auth_key.text.expose()), std::string(json_of(client).at("key").as_string()),
      wrong, ended};
  for (const auto& token : tokens) {
    api_.clock.advance(minutes{1});  // so many wrong ones from one address are answered with 429 otherwise
    for (const auto& route : routes()) {
      if (route.access == Access::caller || route.access == Access::console)
        EXPECT_EQ(status(route, token), 401) << route.operation_id << token.size();
    }
  }
}

TEST_F(AccessMatrix, R21_NoApiTokenOpensWhatAnIdentityProviderUses) {
  const auto with_all_scopes = token_with({"all"});
  std::size_t seen = 0;
  for (const auto& route : routes()) {
    EXPECT_EQ(route.access == Access::provider, route.pattern.starts_with("/scim/")) << route.pattern;
    if (route.access != Access::provider) continue;
    ++seen;
    for (const auto& token : {std::string(), owner_, with_all_scopes}) {
      EXPECT_EQ(status(route, token), 401) << route.operation_id;
    }
  }
  EXPECT_GT(seen, 0U);
}

TEST_F(AccessMatrix, R19_NoRouteIsReachedWithoutAScopeOfItsRow) {
  for (const auto& row : identity::scope_catalogue()) {
    for (const auto access : {identity::ScopeAccess::read, identity::ScopeAccess::write}) {
      if (access == identity::ScopeAccess::write && !row.has_write) continue;
      const std::vector<std::string> scopes{identity::to_string({row.family, access})};
      expect_reached(scopes, scopes);
    }
  }
}

TEST_F(AccessMatrix, R19_OldNamesOfScopesReachWhatTheirSuccessorsDo) {
  const std::pair<const char*, std::vector<std::string>> rows[] = {
      {"devices", {"devices:core", "devices:posture_attributes", "auth_keys"}},
      {"devices:read", {"devices:core:read", "devices:posture_attributes:read", "auth_keys:read"}},
      {"routes", {"devices:routes"}},
      {"routes:read", {"devices:routes:read"}},
      {"acl", {"policy_file"}},
      {"acl:read", {"policy_file:read"}},
      {"logs:read", {"logs:configuration:read"}},
      {"network-logs:read", {"logs:network:read"}}};
  for (const auto& [old, successors] : rows) expect_reached({old}, successors);
}

// Scopes add up, and two of them never open what neither does.
TEST_F(AccessMatrix, R19_AnySetOfScopesReachesWhatItsMembersDo) {
  std::vector<std::string> names;
  for (const auto& row : identity::scope_catalogue()) {
    if (row.family == identity::ScopeFamily::all) continue;
    names.push_back(identity::to_string({row.family, identity::ScopeAccess::read}));
    if (row.has_write) names.push_back(identity::to_string({row.family, identity::ScopeAccess::write}));
  }
  std::mt19937 random(19);  // NOLINT: the same sets each time
  for (int round = 0; round < 25; ++round) {
    std::ranges::shuffle(names, random);
    const std::vector<std::string> some(names.begin(), names.begin() + 2 + round % 8);
    expect_reached(some, some);
  }
}

TEST_F(AccessMatrix, R19_WhereTwoScopesAreNeededBothTogetherAreEnough) {
  expect_reached({"services:read", "devices:core"}, {"services:read", "devices:core"});
  expect_reached({"services", "devices:core"}, {"services", "devices:core"});
  EXPECT_TRUE(std::ranges::any_of(kRows, [](const Row& row) { return row.further != nullptr; }));
}

TEST_F(AccessMatrix, R40_EveryRoleReachesWhatItsColumnSays) {
  for (std::size_t i = 0; i < identity::kRoles.size(); ++i) {
    const auto role = identity::kRoles[i];
    // Roles that may hold no tokens hold those from before they were lowered.
    const auto token = api_.token(role);
    for (const auto& [route, row] : asked()) {
      const auto got = status(*route, *row, token);
      // Who may make auth keys, but not with any tag, is told so with 400.
      const bool refused = got == 403 || (row->body == std::string_view(kAuthKey) && got == 400);
      EXPECT_EQ(!refused, row->roles[i] == 'x')
          << to_string(role) << " " << route->operation_id << " " << row->body << " " << got;
    }
  }
}

}  // namespace
}  // namespace latchkey::http
