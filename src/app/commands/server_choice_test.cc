#include "app/commands/server_choice.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "app/commands/serve.h"

namespace latchkey::app::commands {
namespace {

class Choice : public testing::Test {
 protected:
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }

  static void clear() {
    for (const char* name :
         {"LATCHKEY_URL", "LATCHKEY_TOKEN", "LATCHKEY_DATA_DIR", "LATCHKEY_CONFIG", "LATCHKEY_TAILNET"}) {
      ::unsetenv(name);
    }
  }
};

TEST_F(Choice, AFlagForOneWaySwitchesTheOthersVariablesOff) {
  ::setenv("LATCHKEY_URL", "http://127.0.0.1:1", 1);
  ::setenv("LATCHKEY_DATA_DIR", "/srv", 1);
  ServerChoice by_directory;
  by_directory.place.data_dir = "here";
  EXPECT_EQ(with_environment(by_directory).url, "");
  ServerChoice by_url;
  by_url.url = "http://127.0.0.1:2";
  EXPECT_EQ(with_environment(by_url).place.data_dir, "");
  EXPECT_EQ(with_environment(ServerChoice{}).url, "http://127.0.0.1:1");
  EXPECT_EQ(with_environment(ServerChoice{}).place.data_dir, "");
  ::unsetenv("LATCHKEY_URL");
  EXPECT_EQ(with_environment(ServerChoice{}).place.data_dir, "/srv");
}

TEST_F(Choice, ComplainsAboutWhatCannotBeFollowed) {
  EXPECT_NE(complaint_about(ServerChoice{}), "");
  ServerChoice both{.url = "http://h", .place = {.data_dir = "d"}};
  EXPECT_NE(complaint_about(both), "");
  ServerChoice no_token{.url = "http://h"};
  EXPECT_NE(complaint_about(no_token), "");
  ServerChoice file{.url = "http://h", .token_file = "f"};
  EXPECT_EQ(complaint_about(file), "");
  ServerChoice user{.url = "http://h", .token_file = "f", .user = "u"};
  EXPECT_NE(complaint_about(user), "");
  ServerChoice split_header{.tailnet = "a\r\nX-Latchkey-User: b", .place = {.data_dir = "d"}};
  EXPECT_NE(complaint_about(split_header), "");
}

TEST_F(Choice, AnAddressHasNoSecretAndNoOddParts) {
  for (const char* good : {"http://127.0.0.1:8080", "https://keys.example.com/prefix", "http://[::1]:80/"}) {
    EXPECT_EQ(complaint_about_url(good), "") << good;
  }
  for (const char* wrong : {"", "ftp://host", "file:///etc/passwd", "127.0.0.1:8080", "http://token:@host",
                            "http://host?x=1", "http://host#x"}) {
    EXPECT_NE(complaint_about_url(wrong), "") << wrong;
  }
}

TEST_F(Choice, ASecretIsOneLineFromAFileOrStandardInput) {
  std::istringstream in("  secret \n");
  EXPECT_EQ(read_secret("-", in, "token").value().expose(), "secret");
  std::istringstream two("a\nb\n");
  EXPECT_FALSE(read_secret("-", two, "token"));
  std::istringstream none("");
  EXPECT_FALSE(read_secret("-", none, "token"));
  std::istringstream huge(std::string(5000, 'x'));
  EXPECT_FALSE(read_secret("-", huge, "token"));
  EXPECT_FALSE(read_secret("/nonexistent/file", none, "token"));
}

TEST_F(Choice, NoticesAPasswordInADatabaseUrl) {
  EXPECT_TRUE(holds_password("postgresql://user:secret@host/db"));
  EXPECT_TRUE(holds_password("host=h password=secret"));
  EXPECT_TRUE(holds_password("postgresql://host/db?password=secret"));
  EXPECT_FALSE(holds_password("postgresql://user@host:5432/db"));
  EXPECT_FALSE(holds_password("postgresql:///db?host=/run/a:b@c"));
  EXPECT_FALSE(holds_password(""));
}

}  // namespace
}  // namespace latchkey::app::commands
