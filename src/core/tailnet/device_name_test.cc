#include "core/tailnet/device_name.h"

#include <gtest/gtest.h>

namespace latchkey::tailnet {
namespace {

TEST(DeviceName, IsOneLabelMadeFromTheHostName) {
  const std::pair<const char*, const char*> cases[] = {
      {"web1", "web1"},
      {"Web-1.local", "web-1"},
      {"printer.localdomain", "printer"},
      {"nas.lan", "nas"},
      {"Olive's MacBook Pro", "olives-macbook-pro"},
      {"a.b_c@d", "a-b-c-d"},
      {"--x--", "x"},
      {"", "node"},
      {"...", "node"},
      {"\xE6\x9D\xB1", "node"},
      {"b\x01\x02z", "bz"},
  };
  for (const auto& [hostname, label] : cases) EXPECT_EQ(label_of(hostname), label) << hostname;
  EXPECT_EQ(label_of(std::string(62, 'a') + "-" + std::string(9, 'b')), std::string(62, 'a'));
  EXPECT_EQ(label_of(std::string(90, 'a')).size(), kMaxDeviceName);
}

TEST(DeviceName, CollisionsAreNumbered) {
  EXPECT_EQ(first_free("web", {}), "web");
  EXPECT_EQ(first_free("web", {"web"}), "web-1");
  EXPECT_EQ(first_free("web", {"web-1", "web", "web-3"}), "web-2");
  const std::string longest(kMaxDeviceName, 'a');
  EXPECT_EQ(first_free(longest, {longest}), std::string(kMaxDeviceName - 2, 'a') + "-1");
}

TEST(DeviceName, ChosenNamesAreLabels) {
  EXPECT_TRUE(check_device_name("dev-server").ok());
  for (const char* name : {"", "-a", "a-", "A", "a.b", "a b", "tskey-auth-x"}) {
    EXPECT_FALSE(check_device_name(name).ok()) << name;
  }
  EXPECT_FALSE(check_device_name(std::string(64, 'a')).ok());
}

TEST(DeviceName, StoredHostNamesHoldNeitherControlCharactersNorKeys) {
  EXPECT_EQ(storable_hostname(std::string_view("a\0b\nc", 5)), "abc");
  EXPECT_EQ(storable_hostname("b\xFF z"), "b z");
  EXPECT_EQ(storable_hostname("tskey-auth-x").find("tskey-auth"), std::string::npos);
  EXPECT_EQ(storable_hostname(std::string(400, 'a')).size(), kMaxHostname);
}

}  // namespace
}  // namespace latchkey::tailnet
