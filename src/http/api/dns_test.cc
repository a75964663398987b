// /tailnet/{tailnet}/dns/... through the real router.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "testing/api_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::ApiWorld;
using testing::json_of;
using testing::message_of;

constexpr const char* kDns = "/api/v2/tailnet/-/dns/";

class DnsApi : public ::testing::Test {
 protected:
  io::Response call(const std::string& method, const std::string& door, std::string body = {}) {
    return api.call(method, kDns + door, token, {.headers = {}, .body = std::move(body)});
  }
  // The whole body, of an answer that must be 200.
  boost::json::value done(const std::string& method, const std::string& door, std::string body = {}) {
    const auto answer = call(method, door, std::move(body));
    EXPECT_EQ(answer.status, 200) << method << door << answer.body;
    return json_of(answer);
  }

  ApiWorld api;
  std::string token = api.token(Role::owner);
};

boost::json::value json(const char* text) {
  return boost::json::parse(text);
}

TEST_F(DnsApi, BeginsEmptyWithMagicDnsOn) {
  EXPECT_EQ(done("GET", "nameservers"), json(R"({"dns":[]})"));
  EXPECT_EQ(done("GET", "preferences"), json(R"({"magicDNS":true})"));
  EXPECT_EQ(done("GET", "searchpaths"), json(R"({"searchPaths":[]})"));
  EXPECT_EQ(done("GET", "split-dns"), json("{}"));
  EXPECT_EQ(done("GET", "configuration"),
            json(R"({"preferences":{"overrideLocalDNS":false,"magicDNS":true}})"));
}

TEST_F(DnsApi, NameserversKeepTheirOrderAndNullClears) {
  EXPECT_EQ(done("POST", "nameservers", R"({"dns":["8.8.8.8","1.1.1.1"]})"),
            json(R"({"dns":["8.8.8.8","1.1.1.1"],"magicDNS":true})"));
  EXPECT_EQ(done("GET", "nameservers"), json(R"({"dns":["8.8.8.8","1.1.1.1"]})"));
  EXPECT_EQ(done("POST", "nameservers", R"({"dns":null})"), json(R"({"dns":[],"magicDNS":true})"));
}

TEST_F(DnsApi, MagicDnsNeedsNoNameserver) {
  EXPECT_EQ(done("POST", "preferences", R"({"magicDNS":false})"), json(R"({"magicDNS":false})"));
  EXPECT_EQ(done("POST", "preferences", R"({"magicDNS":true})"), json(R"({"magicDNS":true})"));
  EXPECT_EQ(done("GET", "preferences"), json(R"({"magicDNS":true})"));
}

TEST_F(DnsApi, SearchPathsAreReplaced) {
  EXPECT_EQ(done("POST", "searchpaths", R"({"searchPaths":["b.example.com","a.example.com"]})"),
            json(R"({"searchPaths":["b.example.com","a.example.com"]})"));
  EXPECT_EQ(done("POST", "searchpaths", R"({"searchPaths":null})"), json(R"({"searchPaths":[]})"));
}

TEST_F(DnsApi, SplitDnsIsPatchedOrReplaced) {
  done("PUT", "split-dns", R"({"corp.example.com":["10.0.0.53"],"old.example.com":["10.0.0.1"]})");
  EXPECT_EQ(done("PATCH", "split-dns", R"({"old.example.com":null,"new.example.com":["10.0.0.2"]})"),
            json(R"({"corp.example.com":["10.0.0.53"],"new.example.com":["10.0.0.2"]})"));
  EXPECT_EQ(done("PATCH", "split-dns", R"({"corp.example.com":[]})"),
            json(R"({"new.example.com":["10.0.0.2"]})"));
  EXPECT_EQ(done("PATCH", "split-dns", "{}"), json(R"({"new.example.com":["10.0.0.2"]})"));
  EXPECT_EQ(done("GET", "split-dns"), json(R"({"new.example.com":["10.0.0.2"]})"));
  EXPECT_EQ(done("PUT", "split-dns", "{}"), json("{}"));
  done("PUT", "split-dns", R"({"corp.example.com":["10.0.0.53"]})");
  EXPECT_EQ(done("PUT", "split-dns", "null"), json("{}"));  // the Go client's empty map
}

TEST_F(DnsApi, AllDoorsShowOneConfiguration) {
  const char* whole =
      R"({"nameservers":[{"address":"8.8.8.8","useWithExitNode":false},{"address":"1.1.1.1","useWithExitNode":true}],)"
      R"("splitDNS":{"foo.example.com":[{"address":"1.1.1.2","useWithExitNode":true}]},)"
      R"("searchPaths":["example.com"],"preferences":{"overrideLocalDNS":true,"magicDNS":true}})";
  EXPECT_EQ(done("POST", "configuration", whole), json(whole));
  EXPECT_EQ(done("GET", "configuration"), json(whole));
  EXPECT_EQ(done("GET", "nameservers"), json(R"({"dns":["8.8.8.8","1.1.1.1"]})"));
  EXPECT_EQ(done("GET", "split-dns"), json(R"({"foo.example.com":["1.1.1.2"]})"));
  EXPECT_EQ(done("GET", "searchpaths"), json(R"({"searchPaths":["example.com"]})"));
  // A door that knows addresses only does not lose the flags of those that stay.
  done("POST", "nameservers", R"({"dns":["1.1.1.1"]})");
  EXPECT_EQ(done("GET", "configuration").at("nameservers"),
            json(R"([{"address":"1.1.1.1","useWithExitNode":true}])"));
}

TEST_F(DnsApi, WhatAWholeConfigurationDoesNotNameIsOff) {
  done("POST", "configuration", R"({"searchPaths":["example.com"],"preferences":{"magicDNS":true}})");
  EXPECT_EQ(done("POST", "configuration", R"({"preferences":{}})"),
            json(R"({"preferences":{"overrideLocalDNS":false,"magicDNS":false}})"));
  EXPECT_EQ(done("POST", "configuration", R"({"nameservers":null,"splitDNS":{"a.example":null}})"),
            json(R"({"preferences":{"overrideLocalDNS":false,"magicDNS":false}})"));
}

TEST_F(DnsApi, EveryRefusalSaysWhatToChange) {
  struct Row {
    const char* method;
    const char* door;
    std::string body;
    const char* says;
  };
  const Row rows[] = {
      {"POST", "nameservers", "", "dns is required"},
      {"POST", "nameservers", "{}", "dns is required"},
      {"POST", "nameservers", R"({"dns":"1.1.1.1"})", "dns must be a list"},
      {"POST", "nameservers", R"({"dns":["dns.google"]})", "'dns.google' is not an IP address"},
      {"POST", "nameservers", R"({"dns":["1.1.1.1","1.1.1.1"]})", "twice"},
      {"POST", "preferences", "{}", "magicDNS is required"},
      {"POST", "preferences", R"({"magicDNS":"yes"})", "magicDNS must be true or false"},
      {"POST", "searchpaths", "{}", "searchPaths is required"},
      {"POST", "searchpaths", R"({"searchPaths":["a b"]})", "'a b' is not a domain"},
      {"PATCH", "split-dns", "", "request body is required"},
      {"PUT", "split-dns", " ", "request body is required"},
      {"PUT", "split-dns", R"({"a.example":"1.1.1.1"})", "a.example must be a list"},
      {"PUT", "split-dns", R"({"*":["1.1.1.1"]})", "not a domain"},
      {"PATCH", "split-dns", R"({"a.example":["1.1.1.1"],"A.example":["1.1.1.2"]})", "twice"},
      {"POST", "configuration", "", "request body is required"},
      {"POST", "configuration", R"({"nameservers":["1.1.1.1"]})", "nameservers must be a list of objects"},
      {"POST", "configuration", R"({"nameservers":[{}]})", "'' is not an IP address"},
      {"POST", "configuration", R"({"splitDNS":[]})", "splitDNS must be an object"},
      {"POST", "configuration", R"({"preferences":{"magicDNS":1}})", "preferences.magicDNS must be"},
      {"POST", "configuration", "null", "must be a JSON object"},
  };
  for (const auto& row : rows) {
    const auto refused = call(row.method, row.door, row.body);
    EXPECT_EQ(refused.status, 400) << row.door << row.body;
    EXPECT_NE(message_of(refused).find(row.says), std::string::npos) << row.body << "\n" << refused.body;
  }
  // Whatever a client chose is shown in part only.
  EXPECT_LT(call("PUT", "split-dns", "{\"" + std::string(5000, 'a') + "\":5}").body.size(), 400U);
  EXPECT_LT(call("PUT", "split-dns", "{\"" + std::string(5000, 'a') + "\":[\"1.1.1.1\"]}").body.size(), 400U);
}

TEST_F(DnsApi, R40_EachStatusByRole) {
  const auto network = api.token(Role::network_admin);
  const auto it = api.token(Role::it_admin);
  const auto member = api.token(Role::member);
  const std::pair<const char*, const char*> writes[] = {{"POST", "nameservers"}, {"POST", "preferences"},
                                                        {"POST", "searchpaths"}, {"PATCH", "split-dns"},
                                                        {"PUT", "split-dns"},    {"POST", "configuration"}};
  const std::string body = R"({"dns":[],"magicDNS":true,"searchPaths":[]})";
  for (const auto& [method, door] : writes) {
    const std::string mine = kDns + std::string(door);
    const std::string foreign = "/api/v2/tailnet/other.example/dns/" + std::string(door);
    const std::string sent = std::string(door) == "split-dns" ? "{}" : body;
    EXPECT_EQ(api.call(method, mine, network, {.headers = {}, .body = sent}).status, 200) << door;
    EXPECT_EQ(api.call(method, mine, it, {.headers = {}, .body = sent}).status, 403) << door;
    EXPECT_EQ(api.call("GET", mine, it).status, 200) << door;
    EXPECT_EQ(api.call("GET", mine, member).status, 403) << door;
    EXPECT_EQ(api.call("GET", mine).status, 401) << door;
    EXPECT_EQ(api.call("GET", foreign, network).status, 404) << door;
    EXPECT_EQ(api.call("DELETE", mine, network).status, 405) << door;
  }
  EXPECT_EQ(api.world.log({.events = {"FAILED_REQUEST.UPDATE"}}).size(), std::size(writes));
}

}  // namespace
}  // namespace latchkey::http
