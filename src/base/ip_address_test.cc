#include "base/ip_address.h"

#include <gtest/gtest.h>

namespace latchkey {
namespace {

TEST(CountedAddress, GroupsIpv6ByNetwork) {
  EXPECT_EQ(counted_address("2001:db8:1:2::1"), counted_address("2001:db8:1:2:ffff::9"));
  EXPECT_NE(counted_address("2001:db8:1:2::1"), counted_address("2001:db8:1:3::1"));
  EXPECT_NE(counted_address("192.0.2.1"), counted_address("192.0.2.2"));
}

TEST(AddressBytes, AMappedAddressIsAnIpv4One) {
  EXPECT_EQ(address_bytes("::ffff:192.0.2.1"), address_bytes("192.0.2.1"));
  EXPECT_EQ(address_bytes("2001:db8::1").size(), 16U);
  for (const char* none : {"", "host", "192.0.2", "192.0.2.1:80", "[::1]"}) {
    EXPECT_EQ(address_bytes(none), "") << none;
  }
}

}  // namespace
}  // namespace latchkey
