#include "base/secret.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <sstream>
#include <type_traits>

namespace latchkey {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Printable<SecretString>, "a secret must not be printable");
static_assert(!std::is_convertible_v<SecretString, std::string>, "a secret must not convert by itself");
static_assert(!std::equality_comparable<SecretString>, "a secret must not be compared in variable time");

TEST(Secret, LeavesNothingBehindWhenMovedFrom) {
  // Short enough for the in-place buffer of std::string, which a move copies and does not clear.
  SecretString first(std::string("tskey-short"));
  const char* buffer = first.expose().data();
  const SecretString second(std::move(first));
  EXPECT_EQ(second.expose(), "tskey-short");
  EXPECT_EQ(std::string_view(buffer, 11), std::string_view(std::string(11, '\0')));
}

TEST(Secret, WipesArraysOnDestruction) {
  alignas(Secret<std::array<std::uint8_t, 32>>) unsigned char
      storage[sizeof(Secret<std::array<std::uint8_t, 32>>)];
  std::array<std::uint8_t, 32> key;
  key.fill(0xAB);
  auto* secret = new (storage) Secret<std::array<std::uint8_t, 32>>(key);
  secret->~Secret();
  for (const auto byte : storage) EXPECT_EQ(byte, 0);
}

}  // namespace
}  // namespace latchkey
