#include "relay/derp_map.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace latchkey::relay {
namespace {

namespace json = boost::json;

const std::string kFingerprint(64, 'a');
const EmbeddedRelay kRelay{"10.0.0.5", 8443, 3478, kFingerprint};

// A map with one region and one node; the text replaces one member of the node.
std::string file_with(const std::string& from, const std::string& to) {
  std::string text = R"({"Regions":{"901":{"RegionID":901,"RegionCode":"fra","RegionName":"Frankfurt",
    "Nodes":[{"Name":"901a","RegionID":901,"HostName":"derp.example.net","STUNPort":3478}]}}})";
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string file() {
  return file_with("901", "901");
}

TEST(DerpMap, HasTheEmbeddedRelay) {
  const auto map = make_derp_map(kRelay, std::nullopt);
  ASSERT_TRUE(map);
  EXPECT_EQ(json::parse(map->json), json::parse(R"({"Regions":{"900":{"RegionID":900,"RegionCode":"latchkey",
    "RegionName":"Latchkey","Nodes":[{"Name":"900a","RegionID":900,"HostName":"10.0.0.5","IPv4":"10.0.0.5",
    "IPv6":"none","DERPPort":8443,"STUNPort":3478,"CertName":"sha256-raw:)" +
                                                kFingerprint + R"("}]}},
    "omitDefaultRegions":true})"));
  ASSERT_EQ(map->regions.size(), 1U);
  EXPECT_EQ(map->regions[0].id, 900);
  EXPECT_EQ(map->regions[0].code, "latchkey");
}

TEST(DerpMap, LeavesTheAddressesOfANameToTheDns) {
  const auto map = make_derp_map(EmbeddedRelay{"relay.example.net", 443, -1, ""}, std::nullopt);
  ASSERT_TRUE(map);
  const auto node = json::parse(map->json).at_pointer("/Regions/900/Nodes/0");
  EXPECT_FALSE(node.get_object().contains("IPv4"));
  EXPECT_FALSE(node.get_object().contains("IPv6"));
  EXPECT_FALSE(node.get_object().contains("CertName"));
  EXPECT_EQ(node.at("STUNPort"), -1);
}

TEST(DerpMap, JoinsTheRegionsOfAFile) {
  const auto map = make_derp_map(kRelay, file());
  ASSERT_TRUE(map);
  ASSERT_EQ(map->regions.size(), 2U);
  EXPECT_EQ(map->regions[0].id, 900);
  EXPECT_EQ(map->regions[1].name, "Frankfurt");
  const auto alone = make_derp_map(std::nullopt, file());
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->regions.size(), 1U);
}

TEST(DerpMap, TakesEverythingThatDevicesKnow) {
  const auto map = make_derp_map(
      std::nullopt,
      file_with(R"("STUNPort":3478)", R"("STUNPort":-1,"STUNOnly":false,"DERPPort":443,"CanPort80":true,
        "IPv4":"192.0.2.1","IPv6":"2001:db8::1","CertName":"sha256-raw:)" +
                                          kFingerprint + "\""));
  ASSERT_TRUE(map) << map.error().message;
  EXPECT_TRUE(make_derp_map(std::nullopt, file_with(R"("RegionCode")", R"("Latitude":50.1,"Longitude":8,
        "Avoid":false,"NoMeasureNoHome":true,"RegionCode")")));
  EXPECT_TRUE(make_derp_map(std::nullopt, file_with(R"({"Regions")", R"({"omitDefaultRegions":true,
        "HomeParams":{"RegionScore":{"901":0.5}},"Regions")")));
}

TEST(DerpMap, RefusesAMapWithoutRegions) {
  EXPECT_FALSE(make_derp_map(std::nullopt, std::nullopt));
  EXPECT_FALSE(make_derp_map(std::nullopt, R"({"Regions":{}})"));
  EXPECT_FALSE(make_derp_map(kRelay, "{}")) << "a file has to name some";
}

TEST(DerpMap, RefusesWhatBreaksDevices) {
  const std::pair<const char*, const char*> changes[] = {
      {R"({"RegionID":901,"RegionCode":"fra","RegionName":"Frankfurt",
    "Nodes":[{"Name":"901a","RegionID":901,"HostName":"derp.example.net","STUNPort":3478}]})",
       "null"},
      {R"("901":)", R"("x":)"},
      {R"("901":)", R"("0":)"},
      {R"("901":)", R"("902":)"},
      {R"({"RegionID":901,)", "{"},
      {R"("Name":"901a","RegionID":901,)", R"("Name":"901a",)"},
      {R"("Name":"901a","RegionID":901,)", R"("Name":"901a","RegionID":902,)"},
      {R"("HostName":"derp.example.net",)", ""},
      {R"("derp.example.net")", R"("")"},
      {R"("derp.example.net")", R"("derp example")"},
      {R"("STUNPort":3478)", R"("STUNPort":70000)"},
      {R"("STUNPort":3478)", R"("STUNPort":"3478")"},
      {R"("STUNPort":3478)", R"("IPv4":"2001:db8::1")"},
      {R"("STUNPort":3478)", R"("CertName":"sha256-raw:abc")"},
      {R"("STUNPort":3478)", R"("InsecureForTests":true)"},
      {R"("STUNPort":3478)", R"("Unheard":1)"},
      {R"("RegionCode":"fra",)", R"("RegionCode":"fra","Unheard":1,)"},
      {R"({"Regions")", R"({"Unheard":1,"Regions")"},
      {R"({"Regions")", R"({"omitDefaultRegions":false,"Regions")"},
      {R"({"Regions")", R"({"HomeParams":{"RegionScore":{"901":0}},"Regions")"},
      {R"([{)", R"([null,{)"},
  };
  for (const auto& [from, to] : changes) {
    EXPECT_FALSE(make_derp_map(std::nullopt, file_with(from, to))) << from << " -> " << to;
  }
  EXPECT_FALSE(make_derp_map(std::nullopt, "[]"));
  EXPECT_FALSE(make_derp_map(std::nullopt, "{"));
  EXPECT_FALSE(make_derp_map(std::nullopt, std::string(kMostDerpMapBytes + 1, ' ')));
}

TEST(DerpMap, RefusesOneNumberOrNameForTwo) {
  auto taken = file();
  for (auto at = taken.find("901"); at != std::string::npos; at = taken.find("901", at)) taken[at + 2] = '0';
  const auto map = make_derp_map(kRelay, taken);
  ASSERT_FALSE(map);
  EXPECT_NE(map.error().message.find("take another number"), std::string::npos);
  EXPECT_TRUE(make_derp_map(std::nullopt, taken));
  EXPECT_FALSE(make_derp_map(kRelay, file_with(R"("Name":"901a")", R"("Name":"900a")")));
}

}  // namespace
}  // namespace latchkey::relay
