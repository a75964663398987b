#include "app/local_door.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/commands/database_copy.h"

namespace latchkey::app {
namespace {

class Door : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "latchkey-door-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  LocalDoorOptions options() const {
    LocalDoorOptions made;
    made.settings = make_settings({{{"data_dir", directory_.string()}}}).value();
    return made;
  }
  LocalDoorOptions may_create() const {
    auto made = options();
    made.may_create = true;
    return made;
  }

  static Result<boost::json::value> create_tailnet(Api& api, const std::string& name) {
    ApiRequest request;
    request.method = "POST";
    request.path = "/api/local/tailnets";
    request.body = boost::json::object{{"tailnet", name}, {"owner", "mira@" + name}};
    return api.send(request);
  }
  static Result<boost::json::value> who_am_i(Api& api) {
    ApiRequest request;
    request.method = "GET";
    request.path = "/api/v2/whoami";
    return api.send(request);
  }

  std::filesystem::path directory_;
};

TEST_F(Door, MakesNoDatabaseUnlessAskedTo) {
  const auto door = LocalDoor::open(options());
  ASSERT_FALSE(door);
  EXPECT_NE(door.error().message.find("latchkey init"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(Door, ASecondOneGoesThroughTheServerOfTheFirstAndSurvivesIt) {
  auto first = LocalDoor::open(may_create());
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE((*first)->server_was_running());
  ASSERT_TRUE(create_tailnet(**first, "ex.com"));

  auto second = LocalDoor::open(options());
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE((*second)->server_was_running());
  EXPECT_TRUE(who_am_i(**second));

  first.value().reset();
  const auto me = who_am_i(**second);
  ASSERT_TRUE(me) << me.error().message;
  EXPECT_EQ(me->at("loginName").as_string(), "mira@ex.com");
}

TEST_F(Door, ARefusalCarriesTheServersMessage) {
  const auto door = LocalDoor::open(may_create());
  ASSERT_TRUE(door) << door.error().message;
  ASSERT_TRUE(create_tailnet(**door, "ex.com"));
  const auto again = create_tailnet(**door, "EX.com");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  EXPECT_NE(again.error().message.find("exists"), std::string::npos);
}

TEST_F(Door, FollowersStartNoServer) {
  {
    const auto made = LocalDoor::open(may_create());
  }
  auto asked = options();
  asked.may_start = false;
  const auto door = LocalDoor::open(std::move(asked));
  ASSERT_FALSE(door);
  EXPECT_NE(door.error().message.find("no server runs"), std::string::npos);
}

TEST_F(Door, SaysWhoHoldsTheDatabaseWithoutAnswering) {
  {
    const auto made = LocalDoor::open(may_create());
  }
  const auto lock = directory_ / "latchkey.lock";
  const int held = ::open(lock.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(held, LOCK_EX | LOCK_NB), 0);
  const auto door = LocalDoor::open(options());
  ::close(held);
  ASSERT_FALSE(door);
  EXPECT_NE(door.error().message.find("does not answer on its local socket"), std::string::npos)
      << door.error().message;
}

TEST_F(Door, ARootKeyOfAnotherDatabaseIsNamed) {
  {
    const auto made = LocalDoor::open(may_create());
  }
  std::ofstream(directory_ / "root.key") << std::string(64, 'a') << "\n";
  const auto door = LocalDoor::open(options());
  ASSERT_FALSE(door);
  EXPECT_NE(door.error().message.find("root key"), std::string::npos) << door.error().message;
}

TEST_F(Door, ACopiedDatabaseIsCheckedBeforeItAppears) {
  {
    const auto made = LocalDoor::open(may_create());
  }
  const auto database = directory_ / "latchkey.db";
  const auto copy = directory_ / "copy.db";
  ASSERT_TRUE(commands::copy_database_file(database, copy));
  EXPECT_TRUE(commands::check_database_file(copy));
  EXPECT_EQ(std::filesystem::status(copy).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_FALSE(commands::copy_database_file(database, copy)) << "a file that exists is never replaced";

  std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096 + 200);
  file << std::string(9000, 'x');
  file.close();
  EXPECT_FALSE(commands::check_database_file(copy)) << "damage is noticed";
  EXPECT_FALSE(commands::copy_database_file(copy, directory_ / "again.db"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "again.db"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "again.db.partial"));

  std::ofstream(directory_ / "text") << "not a database";
  EXPECT_FALSE(commands::check_database_file(directory_ / "text"));
  EXPECT_FALSE(commands::check_database_file(directory_ / "nothing"));
}

}  // namespace
}  // namespace latchkey::app
