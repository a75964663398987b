#include "core/policy/mentions.h"

#include <gtest/gtest.h>

namespace latchkey::policy {
namespace {

std::vector<std::string> found(std::string_view text, std::string_view login) {
  std::vector<std::string> places;
  for (const auto& mention : mentions_of(text, login)) {
    places.push_back(std::to_string(mention.line) + " " + mention.path);
  }
  return places;
}

using Places = std::vector<std::string>;

TEST(PolicyMentions, EveryPlaceIsNamedWithItsPathAndLine) {
  const auto* text = R"({
  // mira@example.com in a comment is no mention
  "groups": {"group:ops": ["ben@example.com", "Mira@Example.com"]},
  "tagOwners": {"tag:ci": ["mira@example.com"]},
  "acls": [
    {"action": "accept", "src": ["*"], "dst": ["*:22"]},
    {"action": "accept",
     "src": ["mira@example.com", "group:ops"],
     "dst": ["mira@example.com:22,80", "samira@example.com:*"]},
  ],
  "tests": [{"src": "mira@example.com", "accept": ["ben@example.com:22"]}],
})";
  EXPECT_EQ(found(text, "mira@example.com"),
            (Places{"3 groups.group:ops[1]", "4 tagOwners.tag:ci[0]", "8 acls[1].src[0]", "9 acls[1].dst[0]",
                    "11 tests[0].src"}));
  EXPECT_EQ(found(text, "samira@example.com"), (Places{"9 acls[1].dst[1]"}));
  EXPECT_EQ(found(text, "mira"), Places{});
  EXPECT_EQ(found(text, ""), Places{});
}

TEST(PolicyMentions, NamesOfMembersCountAndABrokenFileHasNone) {
  EXPECT_EQ(found(R"({"a": {"mira@example.com": 1}})", "mira@example.com"), (Places{"1 a.mira@example.com"}));
  EXPECT_EQ(found("{", "mira@example.com"), Places{});
  EXPECT_EQ(found(R"("mira@example.com")", "mira@example.com"), (Places{"1 "}));
}

}  // namespace
}  // namespace latchkey::policy
