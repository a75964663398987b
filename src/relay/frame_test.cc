#include "relay/frame.h"

#include <gtest/gtest.h>

#include <vector>

namespace latchkey::relay {
namespace {

std::string frame(FrameType type, std::string_view payload) {
  std::string out;
  append_frame(out, type, payload);
  return out;
}

std::vector<std::pair<FrameType, std::string>> all_in(FrameReader& reader) {
  std::vector<std::pair<FrameType, std::string>> frames;
  while (auto next = reader.next()) frames.emplace_back(next->type, next->payload);
  return frames;
}

TEST(Frame, IsTypeLengthAndPayload) {
  EXPECT_EQ(frame(FrameType::ping, "12345678"), std::string("\x12\0\0\0\x08", 5) + "12345678");
  EXPECT_EQ(frame(FrameType::keep_alive, ""), std::string("\x06\0\0\0\0", 5));
  EXPECT_EQ(frame(FrameType::recv_packet, std::string(0x1234, 'x')).substr(0, 5),
            std::string("\x05\0\0\x12\x34", 5));
}

TEST(FrameReader, GivesTheSameFramesHoweverTheBytesArrive) {
  const auto bytes = frame(FrameType::ping, "12345678") + frame(FrameType::keep_alive, "") +
                     frame(FrameType::send_packet, std::string(300, 'p'));
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    FrameReader reader(1000);
    std::vector<std::pair<FrameType, std::string>> frames;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.feed(std::string_view(bytes).substr(at, piece));
      for (auto& one : all_in(reader)) frames.push_back(std::move(one));
    }
    ASSERT_EQ(frames.size(), 3U) << piece;
    EXPECT_EQ(frames[0], std::pair(FrameType::ping, std::string("12345678")));
    EXPECT_EQ(frames[1], std::pair(FrameType::keep_alive, std::string()));
    EXPECT_EQ(frames[2], std::pair(FrameType::send_packet, std::string(300, 'p')));
  }
}

TEST(FrameReader, PassesOnFramesOfAnUnknownType) {
  FrameReader reader(10);
  reader.feed(frame(static_cast<FrameType>(0xee), "abc"));
  const auto frames = all_in(reader);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].second, "abc");
}

TEST(FrameReader, BreaksAtTheHeaderOfAFrameOverTheLimit) {
  FrameReader reader(10);
  const auto announced = frame(FrameType::send_packet, std::string(11, 'x')).substr(0, kFrameHeader);
  reader.feed(announced);
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.broken());
  reader.feed(frame(FrameType::ping, "12345678"));
  EXPECT_FALSE(reader.next()) << "nothing is read behind it";
}

TEST(FrameReader, TakesAFrameAtTheLimit) {
  FrameReader reader(10);
  reader.feed(frame(FrameType::send_packet, std::string(10, 'x')));
  EXPECT_EQ(all_in(reader).size(), 1U);
  EXPECT_FALSE(reader.broken());
}

TEST(FrameReader, AllowsMoreOnceItIsToldTo) {
  FrameReader reader(4);
  reader.feed(frame(FrameType::client_info, "1234") + frame(FrameType::send_packet, "12345"));
  ASSERT_TRUE(reader.next());
  reader.allow(5);
  EXPECT_TRUE(reader.next());
}

}  // namespace
}  // namespace latchkey::relay
