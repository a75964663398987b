#include "io/address_guard.h"

#include <gtest/gtest.h>

namespace latchkey::io {
namespace {

TEST(AddressGuard, ReachesThePublicNetworkOnly) {
  const auto guard = *AddressGuard::make({});
  for (const char* address :
       {"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.1", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
        "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808",
        "2002:808:808::1"}) {
    EXPECT_TRUE(guard.may_reach(address)) << address;
  }
  for (const char* address : {"0.0.0.0",
                              "0.1.2.3",
                              "10.0.0.1",
                              "10.255.255.255",
                              "100.64.0.1",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.1.2.3",
                              "169.254.169.254",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.8",
                              "192.0.2.1",
                              "192.168.1.1",
                              "198.18.0.1",
                              "198.19.255.255",
                              "198.51.100.7",
                              "203.0.113.9",
                              "224.0.0.1",
                              "239.255.255.255",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "::ffff:169.254.169.254",
                              "::127.0.0.1",
                              "64:ff9b::7f00:1",
                              "64:ff9b::a9fe:a9fe",
                              "2002:7f00:1::",
                              "2002:a00:1::1",
                              "100::1",
                              "2001::1",
                              "2001:db8::1",
                              "fc00::1",
                              "fd7a:115c:a1e0::1",
                              "fe80::1",
                              "fec0::1",
                              "ff02::1",
                              "",
                              "localhost",
                              "127.1",
                              "0x7f.1",
                              "2130706433",
                              "fe80::1%eth0"}) {
    EXPECT_FALSE(guard.may_reach(address)) << address;
  }
}

TEST(AddressGuard, AllowedNetworksAreReachedToo) {
  const auto guard = *AddressGuard::make({"10.1.0.0/16", "127.0.0.1", "fd00:1::/32"});
  for (const char* address : {"10.1.2.3", "127.0.0.1", "::ffff:127.0.0.1", "fd00:1::5", "1.1.1.1"}) {
    EXPECT_TRUE(guard.may_reach(address)) << address;
  }
  for (const char* address : {"10.2.0.1", "127.0.0.2", "fd00:2::5", "169.254.169.254"}) {
    EXPECT_FALSE(guard.may_reach(address)) << address;
  }
}

TEST(AddressGuard, NetworksThatAreNoneAreRefused) {
  for (const char* text :
       {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "fd00::/129", "10.0.0.0/8x", "localhost"}) {
    EXPECT_FALSE(AddressGuard::make({text}).ok()) << text;
  }
}

}  // namespace
}  // namespace latchkey::io
