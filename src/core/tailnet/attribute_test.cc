#include "core/tailnet/attribute.h"

#include <gtest/gtest.h>

namespace latchkey::tailnet {
namespace {

TEST(Attribute, KeysAreCustomAndPlain) {
  for (const char* key : {"custom:x", "custom:Team_1", "custom:a:b"}) {
    EXPECT_TRUE(check_attribute_key(key).ok()) << key;
  }
  EXPECT_TRUE(check_attribute_key("custom:" + std::string(121, 'a')).ok());
  for (const std::string& key :
       {std::string(), std::string("custom:"), std::string("node:os"), std::string("x"),
        std::string("custom:a-b"), std::string("custom:a b"), std::string("Custom:x"),
        std::string("custom:\xc3\xa4"), "custom:" + std::string(122, 'a')}) {
    EXPECT_FALSE(check_attribute_key(key).ok()) << key;
  }
}

TEST(Attribute, ValuesAreBounded) {
  for (const AttributeValue& value :
       {AttributeValue(std::string("a_1.B")), AttributeValue(std::string()),
        AttributeValue(std::string(50, 'a')), AttributeValue(kMaxAttributeNumber),
        AttributeValue(-kMaxAttributeNumber), AttributeValue(false)}) {
    EXPECT_TRUE(check_attribute_value(value).ok());
  }
  for (const AttributeValue& value :
       {AttributeValue(std::string("a b")), AttributeValue(std::string("a-b")),
        AttributeValue(std::string(51, 'a')), AttributeValue(kMaxAttributeNumber + 1),
        AttributeValue(-kMaxAttributeNumber - 1)}) {
    EXPECT_FALSE(check_attribute_value(value).ok());
  }
}

TEST(Attribute, NodeAttributesFollowFromTheReport) {
  Device device;
  device.report.host_info = R"({"OS":"macOS","OSVersion":"15.1","IPNVersion":"1.99.2-t1a2b3c"})";
  EXPECT_EQ(node_attributes(device),
            (std::vector<Attribute>{{"node:os", std::string("macos"), {}},
                                    {"node:osVersion", std::string("15.1"), {}},
                                    {"node:tsReleaseTrack", std::string("unstable"), {}},
                                    {"node:tsVersion", std::string("1.99.2"), {}}}));
  device.report.host_info = R"({"IPNVersion":"1.98.2"})";
  EXPECT_EQ(node_attributes(device).front().value, AttributeValue(std::string("stable")));
  device.report.host_info = R"({"IPNVersion":"devel"})";
  EXPECT_EQ(node_attributes(device).size(), 1U);
  device.report.host_info = "{}";
  EXPECT_TRUE(node_attributes(device).empty());
}

}  // namespace
}  // namespace latchkey::tailnet
