#include "base/log.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace latchkey {
namespace {

void keep(void* lines, std::string_view line) {
  static_cast<std::vector<std::string>*>(lines)->emplace_back(line);
}

TEST(Log, WritesOneJsonObjectALine) {
  std::vector<std::string> lines;
  const Log log(LogLevel::info, LogFormat::json, keep, &lines);
  log.info("key created", {{"key", "k1"}, {"count", 3}, {"share", 0.5}, {"late", true}});
  log.debug("not this one");
  ASSERT_EQ(lines.size(), 1U);
  const auto object = boost::json::parse(lines[0]).as_object();
  EXPECT_EQ(object.at("event"), "key created");
  EXPECT_EQ(object.at("count"), 3);
  EXPECT_EQ(object.at("late"), true);
}

TEST(Log, CannotBeForgedByAValue) {
  std::vector<std::string> lines;
  for (const auto format : {LogFormat::json, LogFormat::text}) {
    const Log log(LogLevel::info, format, keep, &lines);
    log.info("request", {{"path", "/x\n{\"level\":\"error\"}\" level=error\xff"}});
  }
  for (const auto& line : lines) EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  EXPECT_NO_THROW(boost::json::parse(lines[0]));
}

}  // namespace
}  // namespace latchkey
