#include "core/policy/address.h"

#include <gtest/gtest.h>

namespace latchkey::policy {
namespace {

TEST(Prefix, ReadsAddressesAndPrefixesAndRefusesTheRest) {
  for (const char* good :
       {"100.64.0.1", "10.0.0.0/8", "0.0.0.0/0", "::/0", "fd7a:115c:a1e0::/48", "::1", "192.168.1.4/30"}) {
    const auto prefix = parse_prefix(good);
    ASSERT_TRUE(prefix) << good;
    EXPECT_EQ(to_string(*prefix), good);
  }
  EXPECT_EQ(to_string(*parse_prefix("10.1.2.3/32")), "10.1.2.3");
  EXPECT_EQ(to_string(*parse_prefix("FD7A:0::1")), "fd7a::1");
  for (const char* bad :
       {"", "10", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/-1", "::/129",
        "10.0.0.0/8/8", "::ffff:10.0.0.1", "fe80::1%eth0", "tag:a", "256.1.1.1", " 10.0.0.1"}) {
    EXPECT_FALSE(parse_prefix(bad)) << bad;
  }
  EXPECT_FALSE(parse_prefix(std::string_view("10.0.0.1\0", 9)));
}

TEST(Prefix, ContainsWhatLiesInIt) {
  const auto ten = *parse_prefix("10.0.0.0/8");
  EXPECT_TRUE(ten.contains(*parse_address("10.255.0.1")));
  EXPECT_FALSE(ten.contains(*parse_address("11.0.0.1")));
  EXPECT_FALSE(parse_prefix("0.0.0.0/0")->contains(*parse_address("::1")));
  EXPECT_EQ(intersection(ten, *parse_prefix("10.33.0.0/16")), *parse_prefix("10.33.0.0/16"));
  EXPECT_EQ(intersection(*parse_prefix("10.33.0.0/16"), ten), *parse_prefix("10.33.0.0/16"));
  EXPECT_FALSE(intersection(ten, *parse_prefix("192.168.0.0/16")));
}

TEST(AddressRanges, JoinNeighboursAndDropDoubles) {
  std::vector<Address> addresses;
  for (const char* text : {"100.64.0.3", "100.64.0.1", "fd7a::ff", "100.64.0.2", "100.64.0.9", "fd7a::100",
                           "100.64.0.2", "255.255.255.255"}) {
    addresses.push_back(*parse_address(text));
  }
  EXPECT_EQ(address_ranges(addresses), (std::vector<std::string>{"100.64.0.1-100.64.0.3", "100.64.0.9",
                                                                 "255.255.255.255", "fd7a::ff-fd7a::100"}));
}

TEST(Internet, IsWithoutPrivateAndSharedAddresses) {
  const auto holds = [](const char* text) {
    return std::ranges::any_of(internet(),
                               [&](const Prefix& each) { return each.contains(*parse_address(text)); });
  };
  EXPECT_TRUE(holds("1.1.1.1") && holds("9.255.255.255") && holds("11.0.0.0") && holds("2606:4700::1111"));
  EXPECT_TRUE(holds("100.63.255.255") && holds("100.128.0.0"));
  EXPECT_FALSE(holds("10.1.1.1") || holds("100.64.0.1") || holds("192.168.1.1") || holds("172.20.0.1"));
  EXPECT_FALSE(holds("127.0.0.1") || holds("169.254.169.254") || holds("fd7a:115c:a1e0::1") ||
               holds("fe80::1"));
}

}  // namespace
}  // namespace latchkey::policy
