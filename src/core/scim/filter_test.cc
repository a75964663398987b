#include "core/scim/filter.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "core/scim/filter_columns.h"
#include "core/scim/filter_match.h"

namespace latchkey::scim {
namespace {

// A user as a document, with what a store adds.
const boost::json::object& ines() {
  static const auto kUser = boost::json::parse(R"({
    "schemas":["urn:ietf:params:scim:schemas:core:2.0:User",
               "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
    "id":"u7A","externalId":"Ab1","userName":"Ines.Okoro@otter.example",
    "name":{"familyName":"Okoro","givenName":"Ines"},"active":false,"userType":"Employee",
    "emails":[{"value":"ines@otter.example","type":"work","primary":true},
              {"value":"i@home.example","type":"home"}],
    "roles":[{"value":"a","primary":true}],
    "x509Certificates":[{"value":"MAo="}],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"4711",
      "manager":{"value":"u3B"}},
    "meta":{"resourceType":"User","lastModified":"2026-03-02T09:14:05Z","version":"W/\"1\""}})");
  return kUser.get_object();
}

std::string scim_error(const Error& error) {
  return std::string(error.protocol_code);
}

bool holds(std::string_view text) {
  const auto filter = parse_filter(user_type(), text);
  if (!filter.ok()) {
    ADD_FAILURE() << text << ": " << filter.error().message;
    return false;
  }
  const auto again = parse_filter(user_type(), print(*filter));
  EXPECT_TRUE(again.ok()) << print(*filter);
  EXPECT_TRUE(again.ok() && *again == *filter) << text << " -> " << print(*filter);
  return matches(*filter, ines());
}

TEST(Filter, F1ToF7HoldsForTheResourcesThatMeetIt) {
  for (const char* text : {
           R"(userName eq "ines.okoro@OTTER.example")",
           R"(USERNAME Eq "ines.okoro@otter.example")",
           R"(urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ines")",
           R"(userName co "okoro@")",
           R"(userName ew ".EXAMPLE")",
           R"(externalId eq "Ab1")",
           R"(externalId eq Ab1)",
           R"(id eq "u7A" and manager eq "u3B")",
           R"(urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "u3B")",
           R"(employeeNumber eq 4711)",
           R"(emails[type eq "work"].value eq "ines@otter.example")",
           R"(emails[type eq "work" and value co "otter"])",
           R"(emails.type eq "work" and emails.value co "home.example")",
           R"(emails co "home.example")",
           R"(emails ne "ines@otter.example")",
           R"(roles[primary eq "True"])",
           R"(roles[primary eq "True"].value eq "a")",
           R"(not (active eq true) or name.familyName co "zz")",
           R"(active eq "False")",
           R"(active ne true)",
           R"(userType pr and userType eq "employee")",
           R"(title pr or userType pr and name pr)",
           R"(not (title pr))",
           R"(title eq null)",
           R"(title ne "x")",
           R"(userName ne null)",
           R"(name.middleName eq null)",
           R"(addresses eq null)",
           R"(name ne null)",
           R"(schemas eq "urn:ietf:params:scim:schemas:core:2.0:User")",
           R"(meta.resourceType eq "User")",
           R"(meta.lastModified gt "2026-01-01T00:00:00Z")",
           R"(meta.lastModified eq "2026-03-02T10:14:05+01:00")",
           R"(meta.lastModified le "2026-03-02T09:14:05Z" and meta.lastModified ge "2026-03-02T09:14:05Z")",
           R"(userName gt "INES" and userName lt "inez")",
           R"(x509Certificates eq "MAo=")",
           R"(not(not(active eq false)))",
           R"(((((userName pr)))))",
           R"(emails[not (type eq "work") and value pr])",
           R"(emails[type eq "home" or type eq "work"].primary eq true)",
           "  userName   pr  ",
       }) {
    EXPECT_TRUE(holds(text)) << text;
  }
}

TEST(Filter, F2F4DoesNotHoldForTheOthers) {
  for (const char* text : {
           R"(userName eq "ines")",
           R"(externalId eq "ab1")",
           R"(id eq "u7A" and manager eq "u4")",
           R"(id eq "u7a")",
           R"(emails[type eq "work" and value co "home.example"])",
           R"(emails[type eq "work"].value eq "i@home.example")",
           R"(active eq true)",
           R"(title eq "")",
           R"(title pr)",
           R"(title co "")",
           R"(title ge "")",
           R"(addresses pr)",
           R"(emails eq null)",
           R"(userName pr and (title pr or nickName pr))",
           R"(nope eq "x")",
           R"(nope ne "x")",
           R"(nope pr)",
           R"(nope[a eq "b"])",
           R"(emails.nope pr)",
           R"(urn:other:userName pr)",
           R"(meta.lastModified gt "2026-03-02T09:14:05Z")",
           R"(x509Certificates eq "mao=")",
           R"(roles[value eq "b" or primary eq false])",
       }) {
    EXPECT_FALSE(holds(text)) << text;
  }
}

TEST(Filter, F7AndBindsCloserThanOr) {
  const auto filter = parse_filter(user_type(), R"(title pr or userName pr AND nickName pr)");
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->kind, Filter::Kind::any_of);
  EXPECT_EQ(print(*filter), "title pr or userName pr and nickName pr");
  EXPECT_EQ(print(*parse_filter(user_type(), "(title pr or userName pr) and nickName pr")),
            "(title pr or userName pr) and nickName pr");
  EXPECT_EQ(print(*parse_filter(user_type(), "(title pr or (userName pr or nickName pr))")),
            "title pr or userName pr or nickName pr");
  EXPECT_EQ(print(*parse_filter(user_type(), R"(emails[type eq "a" or type eq "b"].value pr)")),
            R"(emails[(type eq "a" or type eq "b") and value pr])");
}

std::string parentheses(std::size_t depth) {
  return std::string(depth, '(') + "userName pr" + std::string(depth, ')');
}

std::string chain(int terms) {
  std::string text = "userName pr";
  for (int i = 1; i < terms; ++i) text += " or userName pr";
  return text;
}

TEST(Filter, F8RefusesWhatCannotBeRead) {
  EXPECT_TRUE(parse_filter(user_type(), parentheses(16)).ok());
  EXPECT_TRUE(parse_filter(user_type(), chain(64)).ok());
  for (const std::string& text : {
           std::string(),
           std::string("   "),
           std::string(R"(userName zz "x")"),
           std::string("userName eq"),
           std::string("userName"),
           std::string(R"(active gt true)"),
           std::string(R"(active co "t")"),
           std::string(R"(active eq "maybe")"),
           std::string(R"(active eq 1)"),
           std::string(R"(name eq "x")"),
           std::string(R"(addresses eq "x")"),
           std::string(R"(name gt "x")"),
           std::string(R"(x509Certificates co "x")"),
           std::string(R"(x509Certificates lt "x")"),
           std::string(R"(meta.lastModified co "2026")"),
           std::string(R"(meta.lastModified gt "yesterday")"),
           std::string("userName gt null"),
           std::string("userName eq 'x'"),
           std::string("userName co x"),
           std::string(R"(userName eq "x)"),
           std::string(R"(userName eq "\q")"),
           std::string(R"(userName eq "x" userName pr)"),
           std::string(R"(userName eq "x" and)"),
           std::string(R"(userName eq "x" xor userName pr)"),
           std::string("(userName pr"),
           std::string("userName pr)"),
           std::string("not userName pr"),
           std::string(R"(emails[type eq "work")"),
           std::string(R"(emails[])"),
           std::string(R"(emails[type eq "work"].)"),
           std::string(R"(emails[type eq "work"].value)"),
           std::string(R"(emails[addresses[type pr]])"),
           std::string(R"(emails.value[type pr])"),
           std::string(R"(userName[type pr])"),
           std::string(R"("userName" pr)"),
           std::string(R"(1 eq 1)"),
           std::string("userName eq \"\xff\""),
           std::string("userName eq (") + std::string(10, 'x') + ")",
           parentheses(17),
           chain(65),
           "userName eq \"" + std::string(5000, 'x') + "\"",
       }) {
    const auto filter = parse_filter(user_type(), text);
    ASSERT_FALSE(filter.ok()) << text;
    EXPECT_EQ(scim_error(filter.error()), "invalidFilter") << text;
    EXPECT_FALSE(filter.error().message.empty());
  }
}

TEST(Filter, SaysWhereItEndsAndRepeatsNoTexts) {
  EXPECT_EQ(parse_filter(user_type(), "userName eq").error().message,
            "The filter ends after 'userName eq', where a value is expected.");
  const auto error = parse_filter(user_type(), R"(userName eq "ines@otter.example" and)").error();
  EXPECT_EQ(error.message.find("otter"), std::string::npos) << error.message;
  EXPECT_EQ(parse_filter(user_type(), R"(userName zz "ines@otter.example")").error().message,
            "'zz' is no operator: use eq, ne, co, sw, ew, gt, ge, lt, le or pr.");
}

TEST(Filter, RefusesToComparePasswords) {
  for (const char* text : {R"(password eq "x")", "PassWord pr", R"(title pr or not (password sw "a"))",
                           R"(urn:ietf:params:scim:schemas:core:2.0:User:password eq "x")"}) {
    const auto filter = parse_filter(user_type(), text);
    ASSERT_FALSE(filter.ok()) << text;
    EXPECT_EQ(scim_error(filter.error()), "sensitive");
  }
}

TEST(Filter, F9F10TakesTextsAsInJsonAndLiterally) {
  boost::json::object user;
  user["userName"] = R"(a"b\c%_';--)";
  const auto meets = [&](std::string_view text) {
    const auto filter = parse_filter(user_type(), text);
    return filter.ok() && matches(*filter, user);
  };
  EXPECT_TRUE(meets(R"(userName eq "a\"b\\c%_';--")"));
  EXPECT_TRUE(meets(R"(userName eq "\u0061\"b\\c%_';--")"));
  EXPECT_TRUE(meets(R"(userName co "%_'")"));
  EXPECT_FALSE(meets(R"(userName eq "%")"));
  EXPECT_FALSE(meets(R"(userName co "_b")"));
  EXPECT_FALSE(meets(R"(userName eq "a" or "1" eq "1")"));
}

TEST(Filter, FindsPartsOfTextsWhereverTheyRepeatThemselves) {
  const auto contains = [](std::string text, const std::string& part) {
    boost::json::object user;
    user["userName"] = std::move(text);
    return matches(*parse_filter(user_type(), "userName co \"" + part + "\""), user);
  };
  EXPECT_TRUE(contains("aabaabaaab", "ABAAA"));
  EXPECT_TRUE(contains("abababac", "ababac"));
  EXPECT_TRUE(contains("aaaab", "aab"));
  EXPECT_FALSE(contains("aabaabaab", "aaab"));
  EXPECT_FALSE(contains("ab", "abc"));
  EXPECT_TRUE(contains("ab", ""));
}

TEST(Filter, ReadsAGroupsOwnAttributesOnly) {
  const auto group =
      boost::json::parse(R"({"displayName":"Ops","members":[{"value":"u1"},{"value":"u2"}]})").get_object();
  const auto meets = [&](std::string_view text) { return matches(*parse_filter(group_type(), text), group); };
  EXPECT_TRUE(meets(R"(displayName eq "OPS")"));
  EXPECT_TRUE(meets(R"(members eq "u2")"));
  EXPECT_TRUE(meets(R"(members[value eq "u1"])"));
  EXPECT_FALSE(meets(R"(members[value eq "U1"])"));
  EXPECT_FALSE(meets(R"(userName pr)"));
}

TEST(FilterColumns, TakesTheConjunctionOfWhatHasAColumn) {
  using enum Column;
  struct Case {
    const char* text;
    std::vector<ColumnTerm> terms;
    bool is_whole;
  };
  const auto time = *from_rfc3339("2026-01-01T00:00:00Z");
  const Case cases[] = {
      {R"(userName eq "Ines")", {{.column = user_name, .text = "ines"}}, true},
      {R"(externalId eq "Ab")", {{.column = external_id, .text = "Ab"}}, true},
      {R"(id eq "uA" and manager eq "b")", {{.column = id, .text = "uA"}}, false},
      {R"(userName eq "Sec Ops" and active eq true)",
       {{.column = user_name, .text = "sec ops"}, {.column = active, .flag = true}},
       true},
      {R"(displayName eq "Sec Ops")", {}, false},
      {R"(active eq false)", {{.column = active, .flag = false}}, false},
      {R"(meta.lastModified gt "2026-01-01T00:00:00Z")",
       {{.column = last_modified, .op = Filter::Operator::gt, .time = time}},
       true},
      {R"(meta.lastModified ne "2026-01-01T00:00:00Z")", {}, false},
      {R"(userName sw "a")", {}, false},
      {R"(userName ne "a")", {}, false},
      {R"(userName eq null)", {}, false},
      {R"(userName eq "")", {}, false},
      {R"(userName eq "a" or userName eq "b")", {}, false},
      {R"(not (userName eq "a"))", {}, false},
      {R"((userName eq "a" and (externalId eq "b" and title pr)))",
       {{.column = user_name, .text = "a"}, {.column = external_id, .text = "b"}},
       false},
      {R"(emails[value eq "A"])", {{.column = email, .text = "a"}}, false},
      {R"(emails[type eq "work"].value eq "A@x" and title pr)", {{.column = email, .text = "a@x"}}, false},
      {R"(emails eq "A")", {{.column = email, .text = "a"}}, false},
      {R"(emails[type eq "work" or value eq "a"])", {}, false},
      {R"(emails[not (value eq "a")])", {}, false},
      {R"(emails.value co "a")", {}, false},
      {R"(phoneNumbers[value eq "a"])", {}, false},
  };
  for (const auto& each : cases) {
    const auto found = column_terms(*parse_filter(user_type(), each.text));
    EXPECT_EQ(found.terms, each.terms) << each.text;
    EXPECT_EQ(found.is_whole, each.is_whole) << each.text;
  }
  const auto of_groups = column_terms(*parse_filter(group_type(), R"(displayName eq "Sec Ops")"));
  EXPECT_EQ(of_groups.terms, (std::vector<ColumnTerm>{{.column = display_name, .text = "sec ops"}}));
  EXPECT_TRUE(of_groups.is_whole);
}

}  // namespace
}  // namespace latchkey::scim
