#include "app/commands/device_table.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <sstream>

namespace latchkey::app::commands {
namespace {

const TimePoint kNow = *from_rfc3339("2026-01-05T10:00:00Z");

boost::json::object device(const std::string& more) {
  return boost::json::
      parse(R"({"nodeId":"n1CNTRL","id":"48123","name":"web1.x-example.latchkey.internal","hostname":"web1",)"
            R"("user":"mira@x.example","addresses":["100.64.0.7","fd7a:115c:a1e0::7"],"authorized":true)" +
            more + "}")
          .get_object();
}

std::string shown(const Table& table) {
  std::istringstream in;
  std::ostringstream out;
  Screen screen(in, out, out, {});
  table.print(screen);
  return out.str();
}

TEST(DeviceTable, ALineTellsWhoseItIsAndWhetherItIsThere) {
  const auto row = device_row(device(R"(,"connectedToControl":true,"expires":"2026-07-04T10:00:00Z")"), kNow);
  ASSERT_EQ(row.size(), device_headings().size());
  EXPECT_EQ(row[0].text, "web1");
  EXPECT_EQ(row[2].text, "100.64.0.7");
  EXPECT_EQ(row[3].text, "mira@x.example");
  EXPECT_EQ(row[4].text, "connected");
  EXPECT_EQ(row[5].text, "now");
  EXPECT_EQ(row[6].style, Style::plain);
  EXPECT_EQ(device_row(device(R"(,"tags":["tag:a","tag:b"])"), kNow)[3].text, "tag:a, tag:b");
}

TEST(DeviceTable, StateNamesWhatKeepsItOffTheNetwork) {
  EXPECT_EQ(device_row(device(R"(,"authorized":false)"), kNow)[4].text, "needs approval");
  const char* passed = R"(,"connectedToControl":true,"expires":"2026-01-05T10:00:00Z")";
  EXPECT_EQ(device_row(device(passed), kNow)[4].text, "key expired");
  const auto lasting = device_row(device(std::string(passed) + R"(,"keyExpiryDisabled":true)"), kNow);
  EXPECT_EQ(lasting[4].text, "connected");
  EXPECT_EQ(lasting[6].text, "never");
  EXPECT_EQ(device_row(device(R"(,"lastSeen":"2026-01-05T09:00:00Z")"), kNow)[5].text, "60 minutes ago");
  EXPECT_EQ(device_row(device(""), kNow)[4].text, "offline");
}

TEST(DeviceTable, AKeyThatEndsWithinADayIsMarkedInWords) {
  const auto cell = device_row(device(R"(,"expires":"2026-01-06T10:00:00Z")"), kNow)[6];
  EXPECT_TRUE(cell.text.ends_with(", soon"));
  EXPECT_EQ(cell.style, Style::warning);
}

TEST(DeviceTable, DetailsTellByWhichKeyItIsInAndItsRoutes) {
  const auto text = shown(device_details(
      device(R"(,"authKeyId":"k1CNTRL","advertisedRoutes":["10.0.0.0/8"],"enabledRoutes":[])"), kNow));
  EXPECT_NE(text.find("auth key k1CNTRL"), std::string::npos) << text;
  EXPECT_NE(text.find("10.0.0.0/8"), std::string::npos) << text;
  EXPECT_NE(text.find("none"), std::string::npos) << text;
  EXPECT_NE(shown(device_details(device(""), kNow)).find("a person"), std::string::npos);
}

}  // namespace
}  // namespace latchkey::app::commands
