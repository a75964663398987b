#include "io/workspace.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace latchkey::io {
namespace {

TEST(Workspace, KeepsNothingOfASensitiveExchange) {
  HttpSettings settings;
  Workspace work(settings);
  work.out = std::string(100, 's');
  work.request.body = std::string(100, 's');
  std::fill_n(work.buffer.begin(), 50, 's');
  work.filled(50);
  work.consume(40);
  work.wipe_exchange(true);
  work.wipe_consumed();
  // Cleared strings keep their buffers, so the bytes can still be looked at.
  EXPECT_EQ(std::string_view(work.out.data(), 1)[0], '\0');
  auto is_left = [](const char* data, std::size_t size) {
    return std::string_view(data, size).find('s') != std::string_view::npos;
  };
  EXPECT_FALSE(is_left(work.buffer.data(), 40));
  EXPECT_TRUE(is_left(work.buffer.data(), 50));
  work.drop_input();
  EXPECT_FALSE(is_left(work.buffer.data(), 50));
}

TEST(Workspace, MovesUnreadBytesToTheFrontWhenItIsFull) {
  HttpSettings settings;
  Workspace work(settings);
  auto size = work.buffer.size();
  std::fill(work.buffer.begin(), work.buffer.end(), 'a');
  work.buffer.back() = 'z';
  work.filled(size);
  EXPECT_TRUE(work.room().empty());
  work.consume(size - 3);
  EXPECT_EQ(work.room().size(), size - 3);
  EXPECT_EQ(work.unread(), "aaz");
}

}  // namespace
}  // namespace latchkey::io
