#include "app/relay_door.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/json.hpp>
#include <fstream>

#include "base/clock.h"
#include "io/runtime.h"

namespace latchkey::app {
namespace {

io::awaitable<std::optional<TailnetId>> nobody(std::string) {
  co_return std::nullopt;
}

class RelayDoorTest : public testing::Test {
 protected:
  RelayDoorTest() {
    auto pattern = (std::filesystem::temp_directory_path() / "latchkey-app-XXXXXX").string();
    directory = ::mkdtemp(pattern.data());
  }
  ~RelayDoorTest() override { std::filesystem::remove_all(directory); }

  Result<RelayDoor> open(SettingTexts texts) {
    texts.emplace("data_dir", directory.string());
    texts.emplace("listen", "127.0.0.1:0");
    return open_relay(*make_settings({texts}), runtime, crypto::Key256{}, nobody, metrics, quiet_log(),
                      SystemClock().now());
  }
  static boost::json::value node_in(const RelayDoor& door, const char* region = "900") {
    return boost::json::parse(door.map.json).at("Regions").at(region).at("Nodes").at(0);
  }
  std::string map_file() {
    const auto file = (directory / "map.json").string();
    std::ofstream(file) << R"({"Regions":{"901":{"RegionID":901,"RegionCode":"fra","RegionName":"Frankfurt",
      "Nodes":[{"Name":"901a","RegionID":901,"HostName":"derp.example.net"}]}}})";
    return file;
  }

  std::filesystem::path directory;
  Metrics metrics;
  io::Runtime runtime{1, quiet_log()};
};

TEST_F(RelayDoorTest, TellsDevicesWhereItListensAndWhatToPin) {
  auto door = open({});
  ASSERT_TRUE(door) << door.error().message;
  ASSERT_NE(door->server, nullptr);
  const auto node = node_in(*door);
  EXPECT_EQ(node.at("HostName"), "127.0.0.1");
  EXPECT_GT(node.at("DERPPort").as_int64(), 0);
  EXPECT_GT(node.at("STUNPort").as_int64(), 0);
  const std::string pin(node.at("CertName").as_string());
  EXPECT_TRUE(pin.starts_with("sha256-raw:"));
  door->server.reset();
  EXPECT_EQ(node_in(*open({})).at("CertName"), pin.c_str()) << "the pin stays over a restart";
}

TEST_F(RelayDoorTest, TakesTheNameThatDevicesUse) {
  EXPECT_EQ(node_in(*open({{"public_url", "https://keys.example.net:444/x"}})).at("HostName"),
            "keys.example.net");
  EXPECT_EQ(node_in(*open({{"public_url", "https://[2001:db8::1]/"}})).at("HostName"), "2001:db8::1");
  EXPECT_EQ(
      node_in(*open({{"public_url", "https://keys.example.net"}, {"relay.public_host", "relay.example.net"}}))
          .at("HostName"),
      "relay.example.net");
  EXPECT_NE(node_in(*open({{"listen", "0.0.0.0:0"}})).at("HostName"), "0.0.0.0");
}

TEST_F(RelayDoorTest, LeavesOutStunWhenTold) {
  EXPECT_EQ(node_in(*open({{"relay.stun_listen", "none"}})).at("STUNPort"), -1);
}

TEST_F(RelayDoorTest, MovesFromATakenPortOnlyWhenNobodyChoseIt) {
  const auto first = open({{"relay.listen", "127.0.0.1:0"}});
  const auto taken = "127.0.0.1:" + std::to_string(node_in(*first).at("DERPPort").as_int64());
  EXPECT_FALSE(open({{"relay.listen", taken}}));
  const auto stun = "127.0.0.1:" + std::to_string(node_in(*first).at("STUNPort").as_int64());
  EXPECT_FALSE(open({{"relay.stun_listen", stun}}));
  // Both want 8443 and 3478, whoever else has them.
  const auto one = open({{"listen", "127.0.0.1:8080"}});
  const auto two = open({{"listen", "127.0.0.1:8080"}});
  ASSERT_TRUE(one) << one.error().message;
  ASSERT_TRUE(two) << two.error().message;
  EXPECT_NE(node_in(*one).at("DERPPort"), node_in(*two).at("DERPPort"));
  EXPECT_NE(node_in(*one).at("STUNPort"), node_in(*two).at("STUNPort"));
}

TEST_F(RelayDoorTest, GivesTheRelaysOfAFileBesideOrInsteadOfItsOwn) {
  const auto file = map_file();
  EXPECT_EQ(open({{"derp_map.file", file}})->map.regions.size(), 2U);
  const auto alone = open({{"derp_map.file", file}, {"relay.enabled", "false"}});
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->server, nullptr);
  EXPECT_EQ(node_in(*alone, "901").at("HostName"), "derp.example.net");
}

TEST_F(RelayDoorTest, RefusesSettingsThatLeaveDevicesWithoutARelay) {
  EXPECT_FALSE(open({{"relay.enabled", "false"}}));
  EXPECT_FALSE(open({{"derp_map.file", (directory / "missing").string()}}));
  EXPECT_FALSE(open({{"relay.public_host", "not a host"}}));
  EXPECT_FALSE(open({{"relay.listen", "nowhere"}}));
  EXPECT_FALSE(open({{"relay.stun_listen", "192.0.2.1:1"}}));
}

}  // namespace
}  // namespace latchkey::app
