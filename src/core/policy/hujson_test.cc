#include "core/policy/hujson.h"

#include <gtest/gtest.h>

#include "core/policy/hujson_format.h"

namespace latchkey::policy {
namespace {

std::string formatted(std::string_view text) {
  auto value = parse_hujson(text);
  return value.ok() ? format_hujson(*std::move(value)) : value.error().message;
}

TEST(Hujson, KeepsWhereEachValueStands) {
  const auto value = parse_hujson("// policy\n{\n  \"acls\": [1, 2,], /* end */\n}\n");
  ASSERT_TRUE(value.ok()) << value.error().message;
  ASSERT_EQ(value->names.size(), 1U);
  EXPECT_EQ(value->names[0].text, "acls");
  EXPECT_EQ(value->values[0].values[1].offset, 26U);
  EXPECT_TRUE(value->trailing_comma && value->values[0].trailing_comma);
  EXPECT_EQ(to_strict_json(*value), R"({"acls":[1,2]})");
}

TEST(Hujson, ErrorsNameLineAndColumn) {
  struct Row {
    std::string text;
    const char* says;
  };
  const Row rows[] = {
      {"", "line 1, column 1: unexpected end of the text where a value is expected"},
      {"{\n\t\"a\" 1}", "line 2, column 6: unexpected '1' after the name of a member, where ':' is expected"},
      {"{\"a\": 1 \"b\"}", "line 1, column 9: unexpected '\"' after a member, where ',' or '}' is expected"},
      {"[1\n2]", "line 2, column 1: unexpected '2' after an element, where ',' or ']' is expected"},
      {"[,]", "line 1, column 2: unexpected ',' where a value is expected"},
      {"{1: 2}", "line 1, column 2: unexpected '1' where the name of a member is expected"},
      {"[tru]", "line 1, column 2: not a JSON value: tru"},
      {"[01]", "line 1, column 2: not a JSON value: 01"},
      {"[\"a]", "line 1, column 2: a text without an end"},
      {"[\"\\ud800\"]", "line 1, column 2: not a JSON value"},
      {"{} /* no end", "line 1, column 4: a comment without an end"},
      {"{} // no line break", "line 1, column 4: a comment without an end"},
      {"{} {}", "line 1, column 4: unexpected '{' after the end of the value"},
      {"[é]", "line 1, column 2: unexpected 'é' where a value is expected"},
      {"\"\xff\"", "line 1, column 1: the text is not valid UTF-8"},
      {std::string("{} /*\n\0*/", 9), "line 2, column 1: the text has a byte of zero"},
      {std::string(100, '['), "line 1, column 34: nested too deeply"},
  };
  for (const auto& row : rows) {
    const auto value = parse_hujson(row.text);
    ASSERT_FALSE(value.ok()) << row.text;
    EXPECT_EQ(value.error().message.substr(0, std::string_view(row.says).size()), row.says);
  }
}

TEST(Hujson, HoldsABoundedNumberOfValues) {
  std::string text = "[";
  for (int i = 0; i < kMaxHujsonValues; ++i) text += "1,";
  EXPECT_NE(parse_hujson(text + "]").error().message.find("too many values"), std::string::npos);
}

// Expected texts were made by tailscale/hujson's own formatter.
TEST(FormatHujson, IsWhatUpstreamsFormatterMakes) {
  struct Row {
    const char* from;
    const char* to;
  };
  const Row rows[] = {
      {"null", "null\n"},
      {" { \n } ", "{}\n"},
      {R"({"a":1,"b":[1,2]})", "{\"a\": 1, \"b\": [1, 2]}\n"},
      {"{\"acls\":[\n{\"action\":\"accept\"}]}", "{\"acls\": [\n\t{\"action\": \"accept\"}\n]}\n"},
      {"{\n\"a\":1,// one\n\"longer\":\"\\u0041\\u0001\\/\"}",
       "{\n\t\"a\":      1, // one\n\t\"longer\": \"A\\u0001/\",\n}\n"},
      {"{\r\n  // c\r\n\r\n\r\n\r\n  \"k\": [ /* x\n * y\n */ 1 , ],\r\n}",
       "{\n\t// c\n\n\t\"k\": [ /* x\n\t\t * y\n\t\t */ 1,\n\t],\n}\n"},
      {R"({"src": ["autogroup:member", "group:developers"], "dst": ["tag:production:443", "tag:b:*"]})",
       "{\n\t\"src\": [\"autogroup:member\", \"group:developers\"],\n"
       "\t\"dst\": [\"tag:production:443\", \"tag:b:*\"]\n}\n"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(formatted(row.from), row.to) << row.from;
    EXPECT_EQ(formatted(formatted(row.from)), formatted(row.from)) << "formatting twice changes nothing";
  }
}

}  // namespace
}  // namespace latchkey::policy
