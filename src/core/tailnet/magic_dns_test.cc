#include "core/tailnet/magic_dns.h"

#include <gtest/gtest.h>

namespace latchkey::tailnet {
namespace {

std::string suffix(std::string name) {
  return magic_dns_suffix({TailnetId("T1"), std::move(name), {}});
}

TEST(MagicDns, SuffixIsOneLabelMadeFromTheTailnetsName) {
  EXPECT_EQ(suffix("otter-reef.example"), "otter-reef-example.latchkey.internal");
  EXPECT_EQ(suffix("Olive@Otter_Reef.example"), "olive-otter-reef-example.latchkey.internal");
  EXPECT_EQ(suffix("--a..b--"), "a-b.latchkey.internal");
  EXPECT_EQ(suffix("@."), "tailnet.latchkey.internal");
}

TEST(MagicDns, ALongNameStaysALabel) {
  EXPECT_EQ(suffix(std::string(62, 'a') + "." + std::string(100, 'b')),
            std::string(62, 'a') + ".latchkey.internal");
}

TEST(MagicDns, NameIsLabelAndSuffix) {
  EXPECT_EQ(magic_dns_name("web1", {TailnetId("T1"), "x.example", {}}), "web1.x-example.latchkey.internal");
}

TEST(MagicDns, LabelIsTakenFromANameOfThisTailnetOnly) {
  const Tailnet tailnet{TailnetId("T1"), "x.example", {}};
  EXPECT_EQ(label_in("web1.x-example.latchkey.internal", tailnet), "web1");
  EXPECT_EQ(label_in("web1.X-Example.latchkey.internal", tailnet), "web1");
  for (const char* other : {"web1", "", "web1.y-example.latchkey.internal", ".x-example.latchkey.internal"}) {
    EXPECT_EQ(label_in(other, tailnet), other);
  }
}

}  // namespace
}  // namespace latchkey::tailnet
