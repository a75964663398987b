#include "core/tailnet/dns.h"

#include <gtest/gtest.h>

namespace latchkey::tailnet {
namespace {

DnsConfiguration full() {
  DnsConfiguration dns;
  dns.nameservers = {{"1.1.1.1", true}, {"2606:4700:4700::1111", false}};
  dns.split_dns = {{"corp.example.com", {{"10.0.0.53", true}}}, {"old.example.com", {{"10.0.0.54", false}}}};
  dns.search_paths = {"example.com"};
  dns.override_local_dns = true;
  return dns;
}

DnsChange nameservers(std::vector<std::string> addresses) {
  DnsChange change;
  change.nameservers = std::move(addresses);
  return change;
}

DnsChange split(std::map<std::string, std::vector<std::string>> domains, bool replaces = false) {
  DnsChange change;
  change.split_dns = SplitDnsChange{std::move(domains), replaces};
  return change;
}

DnsChange search_paths(std::vector<std::string> paths) {
  DnsChange change;
  change.search_paths = std::move(paths);
  return change;
}

TEST(Dns, BeginsWithMagicDnsAndNothingElse) {
  const DnsConfiguration dns;
  EXPECT_TRUE(dns.magic_dns);
  EXPECT_FALSE(dns.override_local_dns);
  EXPECT_TRUE(dns.nameservers.empty() && dns.split_dns.empty() && dns.search_paths.empty());
}

TEST(Dns, AChangeLeavesWhatItDoesNotName) {
  const auto before = full();
  EXPECT_EQ(*apply({}, before), before);
  DnsChange off;
  off.magic_dns = false;
  auto expected = before;
  expected.magic_dns = false;
  EXPECT_EQ(*apply(off, before), expected);
  expected = before;
  expected.search_paths = {"b.example.com", "a.example.com"};
  EXPECT_EQ(*apply(search_paths({"b.example.com", "a.example.com"}), before), expected);
}

TEST(Dns, NameserversKeepTheirOrderAndAKnownOneItsFlag) {
  const auto after = apply(nameservers({"9.9.9.9", "1.1.1.1"}), full());
  EXPECT_EQ(after->nameservers, (std::vector<Resolver>{{"9.9.9.9", false}, {"1.1.1.1", true}}));
  EXPECT_TRUE(apply(nameservers({}), full())->nameservers.empty());
  EXPECT_TRUE(apply(nameservers({}), full())->magic_dns);
}

TEST(Dns, SplitDnsIsPatchedByDomainOrReplacedWhole) {
  const auto patched = apply(split({{"old.example.com", {}}, {"new.example.com", {"10.0.0.55"}}}), full());
  EXPECT_EQ(patched->split_dns, (SplitDns{{"corp.example.com", {{"10.0.0.53", true}}},
                                          {"new.example.com", {{"10.0.0.55", false}}}}));
  const auto replaced = apply(split({{"corp.example.com", {"10.0.0.53"}}, {"x.example", {}}}, true), full());
  EXPECT_EQ(replaced->split_dns, (SplitDns{{"corp.example.com", {{"10.0.0.53", true}}}}));
  EXPECT_TRUE(apply(split({}, true), full())->split_dns.empty());
  EXPECT_EQ(apply(split({}, false), full())->split_dns, full().split_dns);
}

TEST(Dns, DomainsAreFoldedSoThatOneIsNotTwo) {
  const auto after = apply(split({{"CORP.example.com.", {"10.0.0.1"}}}), full());
  EXPECT_EQ(after->split_dns.at("corp.example.com"), (std::vector<Resolver>{{"10.0.0.1", false}}));
  EXPECT_EQ(apply(search_paths({"Example.COM."}), {})->search_paths, std::vector<std::string>{"example.com"});
  EXPECT_FALSE(apply(split({{"a.example", {"10.0.0.1"}}, {"A.example", {"10.0.0.2"}}}), {}).ok());
  EXPECT_FALSE(apply(search_paths({"a.example", "a.example."}), {}).ok());
}

TEST(Dns, TheWholeReplacesTheWhole) {
  DnsChange change;
  change.whole = DnsConfiguration{};
  change.whole->magic_dns = false;
  EXPECT_EQ(*apply(change, full()), *change.whole);
}

TEST(Dns, RefusesWhatIsNoAddress) {
  for (const char* address : {"", "dns.google", "1.1.1", "1.1.1.1.1", "1.1.1.256", "01.1.1.1", "1.1.1.1:53",
                              "fe80::1%eth0", "https://dns.example/q", "10.0.0.0/8", " 1.1.1.1"}) {
    const auto refused = apply(nameservers({address}), {});
    ASSERT_FALSE(refused.ok()) << address;
    EXPECT_EQ(refused.error().code, ErrorCode::malformed_input);
    EXPECT_EQ(refused.error().fields, std::vector<std::string>{"nameservers"});
    EXPECT_FALSE(apply(split({{"a.example", {address}}}), {}).ok()) << address;
  }
  EXPECT_FALSE(apply(nameservers({std::string("1.1.1.1\0x", 9)}), {}).ok());
  EXPECT_FALSE(apply(nameservers({"1.1.1.1", "1.1.1.1"}), {}).ok());
}

TEST(Dns, RefusesWhatIsNoDomain) {
  for (const std::string domain :
       {std::string(), std::string("."), std::string("a..b"), std::string("-a.b"), std::string("a b"),
        std::string("*.example.com"), std::string("\xc3\xa4.de"), std::string("a.") + std::string(64, 'x'),
        std::string("TSKEY-auth-x"), std::string(254, 'a')}) {
    EXPECT_FALSE(apply(split({{domain, {"1.1.1.1"}}}), {}).ok()) << domain;
    EXPECT_FALSE(apply(search_paths({domain}), {}).ok()) << domain;
  }
  for (const char* domain : {"corp", "_tcp.example", "1.0.10.in-addr.arpa", "xn--bcher-kva.example"}) {
    EXPECT_TRUE(apply(split({{domain, {"1.1.1.1"}}}), {}).ok()) << domain;
  }
}

TEST(Dns, EveryListIsBounded) {
  std::vector<std::string> addresses;
  for (std::size_t i = 0; i < kMaxNameservers; ++i) addresses.push_back("10.0.0." + std::to_string(i));
  EXPECT_TRUE(apply(nameservers(addresses), {}).ok());
  EXPECT_TRUE(apply(split({{"a.example", addresses}}), {}).ok());
  addresses.emplace_back("10.0.1.0");
  EXPECT_FALSE(apply(nameservers(addresses), {}).ok());
  EXPECT_FALSE(apply(split({{"a.example", addresses}}), {}).ok());

  std::map<std::string, std::vector<std::string>> domains;
  for (std::size_t i = 0; i < kMaxSplitDomains; ++i) domains["d" + std::to_string(i)] = {"10.0.0.1"};
  EXPECT_TRUE(apply(split(domains), {}).ok());
  domains["more"] = {"10.0.0.1"};
  EXPECT_FALSE(apply(split(domains), {}).ok());

  std::vector<std::string> paths;
  for (std::size_t i = 0; i < kMaxSearchPaths; ++i) paths.push_back("d" + std::to_string(i));
  EXPECT_TRUE(apply(search_paths(paths), {}).ok());
  paths.emplace_back("more");
  EXPECT_FALSE(apply(search_paths(paths), {}).ok());
}

}  // namespace
}  // namespace latchkey::tailnet
