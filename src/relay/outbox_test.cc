#include "relay/outbox.h"

#include <gtest/gtest.h>

namespace latchkey::relay {
namespace {

std::string all_of(Outbox& outbox) {
  std::string out;
  outbox.take(out, 1'000'000);
  return out;
}

TEST(Outbox, KeepsTheOrderOfPackets) {
  Outbox outbox({});
  outbox.push_packet("1");
  outbox.push_packet("2");
  outbox.push_packet("3");
  EXPECT_EQ(all_of(outbox), "123");
  EXPECT_EQ(all_of(outbox), "");
}

TEST(Outbox, DropsTheOldestPacketWhenItIsFull) {
  Outbox outbox({.packets = 2});
  EXPECT_EQ(outbox.push_packet("1").dropped, 0U);
  EXPECT_EQ(outbox.push_packet("2").dropped, 0U);
  EXPECT_EQ(outbox.push_packet("3").dropped, 1U);
  EXPECT_EQ(all_of(outbox), "23");
}

TEST(Outbox, IsBoundedInBytes) {
  Outbox outbox({.packets = 32, .packet_bytes = 10});
  outbox.push_packet("1234");
  outbox.push_packet("5678");
  EXPECT_EQ(outbox.push_packet("abcdefgh").dropped, 2U);
  EXPECT_EQ(all_of(outbox), "abcdefgh");
  EXPECT_EQ(outbox.push_packet("12345").dropped, 0U) << "what was taken is not counted";
}

TEST(Outbox, HoldsOnePacketOfAnySize) {
  Outbox outbox({.packets = 32, .packet_bytes = 2});
  outbox.push_packet("1234");
  EXPECT_EQ(all_of(outbox), "1234");
}

TEST(Outbox, GivesNoticesFirstAndNeverDropsThemForPackets) {
  Outbox outbox({.packets = 1, .notices = 2});
  outbox.push_packet("p");
  outbox.push_notice("a");
  outbox.push_notice("b");
  outbox.push_notice("c");
  outbox.push_packet("q");
  EXPECT_EQ(all_of(outbox), "abq");
}

TEST(Outbox, WakesOnceUntilAllIsTaken) {
  Outbox outbox({});
  EXPECT_TRUE(outbox.push_packet("12").wake);
  EXPECT_FALSE(outbox.push_packet("34").wake);
  EXPECT_FALSE(outbox.push_notice("n").wake);
  std::string part;
  EXPECT_EQ(outbox.take(part, 2), 1U);
  EXPECT_FALSE(outbox.push_packet("56").wake) << "some still waits, so the taker comes back";
  EXPECT_EQ(all_of(outbox), "3456");
  EXPECT_TRUE(outbox.push_packet("78").wake);
}

}  // namespace
}  // namespace latchkey::relay
