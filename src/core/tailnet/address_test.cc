#include "core/tailnet/address.h"

#include <gtest/gtest.h>

namespace latchkey::tailnet {
namespace {

std::string canonical(std::string_view text) {
  const auto address = Address::parse(text);
  return address ? address->str() : "";
}

TEST(Address, CanonicalTextOfWhatParsesAndNothingElse) {
  EXPECT_EQ(canonical("100.64.0.1"), "100.64.0.1");
  EXPECT_EQ(canonical("FD7A:115C:A1E0:0:0:0:0:1"), "fd7a:115c:a1e0::1");
  for (const char* text :
       {"", "100.64.0", "100.64.0.256", "100.64.0.01", "fe80::1%eth0", "1.2.3.4/8", "x", "1:2"}) {
    EXPECT_EQ(canonical(text), "") << text;
  }
  EXPECT_FALSE(Address::parse(std::string_view("1.2.3.4\0", 8)));
}

TEST(Prefix, TakesNoBitsBeyondItsLength) {
  EXPECT_EQ(Prefix::parse("10.0.0.0/8")->str(), "10.0.0.0/8");
  EXPECT_EQ(Prefix::parse("::/0")->str(), "::/0");
  EXPECT_EQ(Prefix::parse("fd00::/8")->str(), "fd00::/8");
  for (const char* text : {"10.0.0.1/8", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08",
                           "10.0.0.0/8x", "/8", "::1/0", "fd00::/129"}) {
    EXPECT_FALSE(Prefix::parse(text)) << text;
  }
}

TEST(Prefix, ContainsAddressesOfItsOwnFamily) {
  const auto prefix = *Prefix::parse("10.128.0.0/9");
  EXPECT_TRUE(prefix.contains(*Address::parse("10.200.0.1")));
  EXPECT_FALSE(prefix.contains(*Address::parse("10.127.255.255")));
  EXPECT_FALSE(Prefix::parse("0.0.0.0/0")->contains(*Address::parse("::1")));
  EXPECT_TRUE(Prefix::parse("::/0")->contains(*Address::parse("fd00::1")));
}

TEST(Prefix, ListsAreSortedByAddressThenLengthEachOnce) {
  const auto sorted = canonical_prefixes(
      {"fd00::/8", "10.0.1.0/24", "2.0.0.0/24", "1.2.0.0/16", "10.0.0.0/8", "2.0.0.0/24", "10.0.0.0/16"},
      "routes");
  EXPECT_EQ(*sorted, (std::vector<std::string>{"1.2.0.0/16", "2.0.0.0/24", "10.0.0.0/8", "10.0.0.0/16",
                                               "10.0.1.0/24", "fd00::/8"}));
  const auto refused = canonical_prefixes({"10.0.0.1/16"}, "routes");
  EXPECT_EQ(refused.error().fields, std::vector<std::string>{"routes"});
  EXPECT_FALSE(canonical_prefixes(std::vector<std::string>(kMaxRoutes + 1, "10.0.0.0/8"), "routes").ok());
}

TEST(DeviceAddress, SkipsWhatIsReserved) {
  for (const char* text : {"100.64.0.0", "100.127.255.255", "100.100.0.1", "100.100.100.100", "100.115.92.5",
                           "100.115.93.255", "100.63.255.255", "100.128.0.0", "10.0.0.1", "fd7a::1"}) {
    EXPECT_FALSE(may_be_assigned(*Address::parse(text))) << text;
  }
  for (const char* text : {"100.64.0.1", "100.127.255.254", "100.100.1.0", "100.115.94.0"}) {
    EXPECT_TRUE(may_be_assigned(*Address::parse(text))) << text;
  }
}

TEST(DeviceAddress, IsChosenByTheLowBits) {
  EXPECT_EQ(choose_ipv4(0xABCDEF0000000001)->str(), "100.64.0.1");
  EXPECT_EQ(choose_ipv4(0x3FFFFE)->str(), "100.127.255.254");
  EXPECT_FALSE(choose_ipv4(0));
  EXPECT_FALSE(choose_ipv4(~std::uint64_t{0}));
}

TEST(DeviceAddress, HasOneIpv6AddressBesideIt) {
  EXPECT_EQ(ipv6_beside(*Address::parse("100.64.0.1")).str(), "fd7a:115c:a1e0:ab12:4843:cd96:6240:1");
  EXPECT_EQ(ipv6_beside(*Address::parse("100.101.102.103")).str(), "fd7a:115c:a1e0:ab12:4843:cd96:6265:6667");
}

}  // namespace
}  // namespace latchkey::tailnet
