#include "io/listen_socket.h"

#include <gtest/gtest.h>

#include <fstream>
#include <system_error>

#include "io/connection_limit.h"
#include "io/server_under_test.h"

namespace latchkey::io {
namespace {

TEST(ListenSocket, ReplacesASocketThatNobodyAnswers) {
  TemporaryFolder folder;
  auto path = folder.file("s");
  {
    auto dead = listen_on_path(path);
  }
  ASSERT_TRUE(std::filesystem::exists(path));
  auto alive = listen_on_path(path);
  EXPECT_NO_THROW(RawClient::local(path));
}

TEST(ListenSocket, LeavesALivingServerAlone) {
  TemporaryFolder folder;
  auto path = folder.file("s");
  auto alive = listen_on_path(path);
  EXPECT_THROW(listen_on_path(path), std::system_error);
  EXPECT_NO_THROW(RawClient::local(path));
}

TEST(ListenSocket, LeavesAFileThatIsNoSocketAlone) {
  TemporaryFolder folder;
  auto path = folder.file("s");
  std::ofstream(path) << "precious";
  EXPECT_THROW(listen_on_path(path), std::system_error);
  EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST(ListenSocket, RefusesWhatItCannotBind) {
  EXPECT_THROW(listen_on_tcp("localhost", 0), std::system_error);
  EXPECT_THROW(listen_on_path(std::string(200, 'p')), std::system_error);
  auto taken = listen_on_tcp("127.0.0.1", 0);
  EXPECT_THROW(listen_on_tcp("127.0.0.1", bound_port(taken)), std::system_error);
}

TEST(ConnectionLimit, CountsInAllAndByAddressAndForgetsWhoLeft) {
  ConnectionLimit limit(3, 2);
  auto a = limit.admit("a");
  {
    auto again = limit.admit("a");
    EXPECT_TRUE(again);
    EXPECT_FALSE(limit.admit("a"));
    auto b = limit.admit("b");
    EXPECT_TRUE(b);
    EXPECT_FALSE(limit.admit("c"));
    EXPECT_EQ(limit.count(), 3U);
  }
  EXPECT_EQ(limit.count(), 1U);
  EXPECT_TRUE(limit.admit("a"));
}

TEST(ConnectionLimit, DoesNotCountLocalSocketsByAddress) {
  ConnectionLimit limit(5, 1);
  auto one = limit.admit("");
  auto two = limit.admit("");
  EXPECT_TRUE(one && two);
}

}  // namespace
}  // namespace latchkey::io
