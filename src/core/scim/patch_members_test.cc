#include "core/scim/patch.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <ctime>

#include "core/scim/patch_under_test.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;

std::string members_after(const std::string& before, const std::string& operations) {
  return patched(group(before), operations, group_type());
}

TEST(Patch, B3E9RemovesOnlyTheMembersThatAreNamed) {
  const std::string two = R"("members":[{"value":"u7"},{"value":"u3"}])";
  const std::string other = R"({"displayName":"Ops","members":[{"value":"u3"}]})";
  EXPECT_EQ(members_after(two, R"([{"op":"Remove","path":"members","value":[{"$ref":null,"value":"u7"}]}])"),
            other);
  EXPECT_EQ(members_after(two, R"([{"op":"remove","path":"members[value eq \"u7\"]"}])"), other);
  EXPECT_EQ(members_after(two, R"([{"op":"Remove","path":"members","value":["u7"]}])"), other);
  EXPECT_EQ(members_after(two, R"([{"op":"Remove","path":"members","value":{"value":"u7","display":"x"}}])"),
            other);
  EXPECT_EQ(members_after(two, R"([{"op":"Remove","path":"members","value":"u7"}])"), other);
  EXPECT_EQ(
      members_after(two, R"([{"op":"Remove","path":"members","value":[{"value":"U7"},{"value":"u9"}]}])"),
      R"({"displayName":"Ops",)" + two + "}");
}

TEST(Patch, B4RemovesNoMembersByAnEmptyListAndAllWithoutValue) {
  const std::string two = R"("members":[{"value":"u7"},{"value":"u3"}])";
  EXPECT_EQ(members_after(two, R"([{"op":"remove","path":"members","value":[]}])"),
            R"({"displayName":"Ops",)" + two + "}");
  EXPECT_EQ(members_after(two, R"([{"op":"remove","path":"members"}])"), R"({"displayName":"Ops"})");
}

TEST(Patch, B6B7LeavesMembersToOperationsThatNameThem) {
  const std::string one = R"("members":[{"value":"u7"}])";
  EXPECT_EQ(members_after(one, R"([{"op":"replace","value":{"id":"g1","displayName":"on-call"}}])"),
            R"({"displayName":"on-call","members":[{"value":"u7"}]})");
  EXPECT_EQ(
      members_after(one, R"([{"op":"replace","path":"members","value":[{"value":"u8","display":"t"}]}])"),
      R"({"displayName":"Ops","members":[{"value":"u8"}]})");
  EXPECT_EQ(members_after(one, R"([{"op":"remove","path":"members[value eq \"u7\"]"},
                                   {"op":"add","path":"members","value":[{"value":"u8","display":"t"}]}])"),
            R"({"displayName":"Ops","members":[{"value":"u8"}]})");
  EXPECT_EQ(members_after(one, R"([{"op":"add","value":{"members":[{"value":"u8","type":"group"}]}}])"),
            R"({"displayName":"Ops","members":[{"value":"u7"},{"value":"u8","type":"Group"}]})");
  EXPECT_EQ(members_after(one, R"([{"op":"add","path":"members","value":[{"value":"u7"}]}])"),
            R"({"displayName":"Ops","members":[{"value":"u7"}]})");
  EXPECT_EQ(members_after("", R"([{"op":"add","path":"members[value eq \"u7\"]","value":{"type":"User"}}])"),
            R"({"displayName":"Ops","members":[{"value":"u7","type":"User"}]})");
}

TEST(Patch, RefusesToChangeWhatAMemberIs) {
  const std::string one = R"("members":[{"value":"u7","type":"User"}])";
  for (const char* operation : {
           R"([{"op":"replace","path":"members[value eq \"u7\"].value","value":"u8"}])",
           R"([{"op":"replace","path":"members[value eq \"u7\"].type","value":"Group"}])",
           R"([{"op":"remove","path":"members[value eq \"u7\"].value"}])",
           R"([{"op":"remove","path":"members.type"}])",
           R"([{"op":"replace","path":"members[value eq \"u7\"].display","value":"x"}])",
           R"([{"op":"remove","path":"displayName"}])",
       }) {
    EXPECT_EQ(members_after(one, operation), "mutability") << operation;
  }
  EXPECT_EQ(members_after(one, R"([{"op":"add","path":"members","value":[{"type":"User"}]}])"),
            "invalidValue");
  EXPECT_EQ(members_after(one, R"([{"op":"add","path":"members","value":[{"value":"x","type":"Robot"}]}])"),
            "invalidValue");
  EXPECT_EQ(
      members_after(one, R"([{"op":"add","path":"members[display eq \"x\"]","value":{"type":"User"}}])"),
      "noTarget");
  EXPECT_EQ(members_after(one, R"([{"op":"add","path":"title","value":"x"}])"), "invalidPath");
}

json::array members_named(std::size_t from, std::size_t count) {
  json::array list;
  for (std::size_t i = from; i < from + count; ++i) {
    json::object member;
    member["value"] = "u" + std::to_string(i);
    list.push_back(std::move(member));
  }
  return list;
}

std::string repeated(const std::string& operation, int times) {
  std::string list = "[" + operation;
  for (int i = 1; i < times; ++i) list += "," + operation;
  return list + "]";
}

TEST(Patch, B9AddsThousandsOfMembersAtOnceAndRefusesMoreThanTheLimit) {
  auto before = group("");
  before["members"] = members_named(0, 15'000);
  const auto add = [&](std::size_t from, std::size_t count) {
    return patch(
        group_type(), before,
        R"([{"op":"add","path":"members","value":)" + json::serialize(members_named(from, count)) + "}]");
  };
  const auto start = std::clock();
  const auto added = add(12'000, 6'000);
  ASSERT_TRUE(added.ok());
  EXPECT_EQ(added->document.at("members").get_array().size(), 18'000U);
  const auto removed = patch(
      group_type(), added->document,
      R"([{"op":"remove","path":"members","value":)" + json::serialize(members_named(15'000, 3'000)) + "}]");
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(removed->document, before);
  // Seconds of this processor; looking at every pair would take minutes under a sanitizer.
  EXPECT_LT((std::clock() - start) / CLOCKS_PER_SEC, 10);
  EXPECT_EQ(add(0, 20'000).error().protocol_code, "tooMany");
}

TEST(Patch, RefusesTooManyOperationsAndTooMuchWork) {
  const std::string one = R"({"op":"add","path":"title","value":"t"})";
  EXPECT_TRUE(patch(user_type(), user(""), repeated(one, 1000)).ok());
  EXPECT_EQ(patch(user_type(), user(""), repeated(one, 1001)).error().protocol_code, "tooMany");
  auto many = group("");
  many["members"] = members_named(0, 15'000);
  const std::string costly =
      R"({"op":"remove","path":"members[value eq \"a\" or value eq \"b\" or value eq \"c\"]"})";
  EXPECT_EQ(patch(group_type(), many, repeated(costly, 900)).error().protocol_code, "tooMany");
}

}  // namespace
}  // namespace latchkey::scim
