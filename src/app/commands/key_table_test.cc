#include "app/commands/key_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <sstream>

namespace latchkey::app::commands {
namespace {

const TimePoint kNow = *from_rfc3339("2026-01-05T10:00:00Z");

boost::json::object key(std::string_view more) {
  return boost::json::parse(
             R"({"id":"k1CNTRL","keyType":"auth","description":"ci","created":"2026-01-05T10:00:00Z",
    "expires":"2026-01-08T10:00:00Z","invalid":false,"userId":"u1CNTRL",)" +
             std::string(more) + "}")
      .get_object();
}

std::string shown(const Table& table) {
  std::istringstream in;
  std::ostringstream out;
  Screen screen(in, out, out, {});
  table.print(screen);
  return out.str();
}

TEST(KeyTable, ALineTellsStateExpiryAndUse) {
  const auto row =
      key_row(key(R"("state":"active","uses":2,"maxUses":5,"lastUsed":"2026-01-05T09:00:00Z")"), kNow);
  ASSERT_EQ(row.size(), key_headings().size());
  EXPECT_EQ(row[3].text, "active");
  EXPECT_EQ(row[4].text, "in 3 days (2026-01-08), soon");
  EXPECT_EQ(row[4].style, Style::warning);
  EXPECT_EQ(row[5].text, "60 minutes ago");
  EXPECT_EQ(row[6].text, "2 of 5");
}

TEST(KeyTable, R5_WarnsSevenDaysAndOneDayAheadOfTheExpiryOfAKeyThatStillWorks) {
  const auto expiry = *from_rfc3339("2026-01-08T10:00:00Z");
  const auto cell = [&](std::string_view state, days ahead, seconds more) {
    return key_row(key(fmt::format(R"("state":"{}")", state)), expiry - ahead - more)[4];
  };
  EXPECT_EQ(cell("active", days{7}, seconds{1}).style, Style::plain);
  EXPECT_TRUE(cell("active", days{7}, seconds{0}).text.ends_with(", soon"));
  EXPECT_TRUE(cell("active", days{1}, seconds{1}).text.ends_with(", soon"));
  EXPECT_TRUE(cell("active", days{1}, seconds{0}).text.ends_with(", within a day"));
  EXPECT_EQ(cell("revoked", days{1}, seconds{0}).style, Style::plain);
}

TEST(KeyTable, AServerThatSendsNoStateIsUnderstood) {
  EXPECT_EQ(key_row(key(R"("x":1)"), kNow)[3].text, "active");
  auto ended = key(R"("x":1)");
  ended["invalid"] = true;
  EXPECT_EQ(key_row(ended, kNow)[3].text, "invalid");
}

TEST(KeyTable, DetailsTellOwnerLastAddressAndRefusedUses) {
  const auto text = shown(key_details(
      key(R"("state":"revoked","uses":1,"lastUsed":"2026-01-05T09:59:00Z","lastUsedFrom":"192.0.2.7","refusedUses":3,
             "lastRefused":"2026-01-05T09:59:30Z","capabilities":{"devices":{"create":{"reusable":true,"tags":["tag:ci"]}}})"),
      "mira@ex.com", kNow));
  for (const char* part :
       {"mira@ex.com", "60 seconds ago from 192.0.2.7", "3 times, last 30 seconds ago", "tag:ci"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_NE(shown(key_details(key(R"("x":1)"), "", kNow)).find("u1CNTRL"), std::string::npos);
}

TEST(KeyTable, AMalformedAnswerShowsAsEmptyNotAsACrash) {
  EXPECT_NO_THROW(key_row({}, kNow));
  EXPECT_NO_THROW(shown(
      key_details(boost::json::parse(R"({"id":1,"expires":[],"capabilities":[]})").get_object(), "", kNow)));
}

}  // namespace
}  // namespace latchkey::app::commands
