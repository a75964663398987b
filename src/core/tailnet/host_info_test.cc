#include "core/tailnet/host_info.h"

#include <gtest/gtest.h>

namespace latchkey::tailnet {
namespace {

TEST(HostInfo, ReadsWhatAClientReports) {
  const auto info = host_info_from(
      R"({"OS":"linux","OSVersion":"6.1.0","IPNVersion":"1.98.2-t1a2b3c4d5","Distro":"debian","DistroVersion":"13",)"
      R"("DistroCodeName":"trixie","ShieldsUp":true,"sshHostKeys":["ssh-ed25519 AAAA"],"Hostname":"web1",)"
      R"("NetInfo":{"MappingVariesByDestIP":false,"WorkingIPv6":true,"WorkingUDP":true,"UPnP":false,"PMP":"",)"
      R"("PreferredDERP":4,"DERPLatency":{"4-v4":0.0125,"4-v6":0.02,"10-v4":0.2}}})");
  EXPECT_EQ(info.os, "linux");
  EXPECT_EQ(info.os_version, "6.1.0");
  EXPECT_EQ(info.client_version, "1.98.2-t1a2b3c4d5");
  EXPECT_EQ(info.distro + info.distro_version + info.distro_code_name, "debian13trixie");
  EXPECT_TRUE(info.blocks_incoming);
  EXPECT_TRUE(info.ssh_enabled);
  ASSERT_TRUE(info.network.has_value());
  EXPECT_EQ(info.network->mapping_varies, false);
  EXPECT_EQ(info.network->ipv6, true);
  EXPECT_EQ(info.network->nat_pmp, std::nullopt);
  EXPECT_EQ(info.network->pcp, std::nullopt);
  ASSERT_EQ(info.network->relays.size(), 2U);
  EXPECT_DOUBLE_EQ(info.network->relays.at(4).latency_ms, 12.5);
  EXPECT_TRUE(info.network->relays.at(4).preferred);
  EXPECT_FALSE(info.network->relays.at(10).preferred);
}

TEST(HostInfo, NonsenseIsAbsent) {
  for (
      const char* text :
      {"", "{}", "[]", "null", "{", R"({"OS":5,"ShieldsUp":"yes","sshHostKeys":{},"NetInfo":[]})",
       R"({"NetInfo":{"DERPLatency":{"":1,"x-v4":1,"-1":1,"5":"fast","6":-1,"7x":1},"PreferredDERP":"4"}})"}) {
    const auto info = host_info_from(text);
    EXPECT_EQ(info.os, "") << text;
    EXPECT_FALSE(info.blocks_incoming || info.ssh_enabled) << text;
    if (info.network) EXPECT_TRUE(info.network->relays.empty()) << text;
  }
}

TEST(HostInfo, TextsAreBounded) {
  EXPECT_LE(host_info_from("{\"OS\":\"" + std::string(1000, 'x') + "\"}").os.size(), 128U);
}

}  // namespace
}  // namespace latchkey::tailnet
