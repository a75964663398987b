#include "core/federation/trust.h"

#include <gtest/gtest.h>

#include <random>

namespace latchkey::federation {
namespace {

TEST(Pattern, AStarStandsForAnyRunOfCharacters) {
  struct Row {
    const char* pattern;
    const char* value;
    bool matches;
  };
  const Row rows[] = {
      {"a", "a", true},      {"a", "A", false},        {"a", "ab", false},       {"a", "", false},
      {"*", "", true},       {"*", "a/b:c", true},     {"a*", "a", true},        {"a*", "ba", false},
      {"*a", "ba", true},    {"*a", "ab", false},      {"a*b", "ab", true},      {"a*b", "a:b:b", true},
      {"a*b", "abc", false}, {"a*b*c", "acb", false},  {"a**b", "axb", true},    {"**", "", true},
      {"a.c", "abc", false}, {"a?c", "abc", false},    {"[a]", "a", false},      {"\\*", "*", false},
      {"\\*", "\\x", true},  {"*ab*ab", "abab", true}, {"*ab*ab", "aab", false}, {"", "", true},
      {"", "a", false},      {"a\n*", "a\nb", true},   {"a*", "a\n", true},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(matches_pattern(row.pattern, row.value), row.matches) << row.pattern << " " << row.value;
  }
}

// The definition, which takes exponential time.
bool matches_slowly(std::string_view pattern, std::string_view value) {
  if (pattern.empty()) return value.empty();
  if (pattern[0] != '*') {
    return !value.empty() && value[0] == pattern[0] && matches_slowly(pattern.substr(1), value.substr(1));
  }
  for (std::size_t i = 0; i <= value.size(); ++i) {
    if (matches_slowly(pattern.substr(1), value.substr(i))) return true;
  }
  return false;
}

TEST(Pattern, MatchesWhatItsDefinitionSays) {
  std::mt19937 random(3);  // NOLINT: the same texts each time
  const auto text = [&](const char* letters, unsigned of, unsigned most) {
    std::string made;
    for (auto count = random() % most; count > 0; --count) made += letters[random() % of];
    return made;
  };
  int matched = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto pattern = text("ab*", 3, 8);
    const auto value = text("ab", 2, 9);
    const bool expected = matches_slowly(pattern, value);
    ASSERT_EQ(matches_pattern(pattern, value), expected) << pattern << " " << value;
    if (expected) ++matched;
  }
  EXPECT_GT(matched, 1000);
}

TEST(Pattern, TakesNoLongerForHostileOnes) {
  std::string pattern;
  for (int i = 0; i < 170; ++i) pattern += "*a*";
  EXPECT_FALSE(matches_pattern(pattern + "b", std::string(16UL * 1024, 'a')));
}

TEST(ClaimPath, NamesAreSeparatedByDotsAndQuotedWhereTheyHoldOne) {
  using Path = std::vector<std::string>;
  EXPECT_EQ(claim_path("a"), Path{"a"});
  EXPECT_EQ(claim_path("user.name"), (Path{"user", "name"}));
  EXPECT_EQ(claim_path("\"open.id\".username"), (Path{"open.id", "username"}));
  EXPECT_EQ(claim_path("a.\"b.c\""), (Path{"a", "b.c"}));
  EXPECT_EQ(claim_path("\"a\""), Path{"a"});
  for (const char* none : {"", ".", "a.", ".a", "a..b", "\"a", "\"a\"b", "a\"b", "\"\"", "a.\"\""}) {
    EXPECT_EQ(claim_path(none), std::nullopt) << none;
  }
}

}  // namespace
}  // namespace latchkey::federation
