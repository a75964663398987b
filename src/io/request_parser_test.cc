#include "io/request_parser.h"

#include <gtest/gtest.h>

#include "io/header_scan.h"

namespace latchkey::io {
namespace {

using Progress = RequestParser::Progress;

// Feeds the text in two parts, as a session would, and tells how it ended.
Progress feed_in_two(RequestParser& parser, Request& request, std::string_view text, std::size_t cut,
                     std::size_t& total) {
  parser.begin(request);
  total = 0;
  auto progress = Progress::needs_more;
  for (auto available : {cut, text.size()}) {
    for (;;) {
      std::size_t consumed = 0;
      progress = parser.feed(text.substr(total, available - total), consumed);
      total += consumed;
      if (progress == Progress::done || progress == Progress::refused) return progress;
      if (progress == Progress::needs_more && consumed == 0) break;
    }
  }
  return progress;
}

TEST(RequestParser, ReadsTheSameWhereverTheBytesAreCut) {
  const std::string_view text =
      "POST /a%2Fb?c=d HTTP/1.1\r\nHost: x\r\nX-A:  b c \r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;n=v\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n";
  HttpSettings settings;
  RequestParser parser(settings);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Request request;
    std::size_t total = 0;
    ASSERT_EQ(feed_in_two(parser, request, text, cut, total), Progress::done) << cut;
    EXPECT_EQ(total, text.size());
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/a%2Fb?c=d");
    EXPECT_EQ(request.path(), "/a%2Fb");
    EXPECT_EQ(request.query(), "c=d");
    EXPECT_EQ(request.body, "abc0123456789");
    EXPECT_EQ(request.headers.size(), 3U);
    EXPECT_EQ(request.header("x-a"), "b c");
    EXPECT_TRUE(parser.keep_alive());
  }
}

TEST(RequestParser, RefusesTheSameWhereverTheBytesAreCut) {
  HttpSettings settings;
  RequestParser parser(settings);
  for (std::string_view text :
       {"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\x7f\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n"}) {
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      Request request;
      std::size_t total = 0;
      EXPECT_EQ(feed_in_two(parser, request, text, cut, total), Progress::refused) << text << cut;
      EXPECT_EQ(parser.refusal().status, 400);
      EXPECT_NE(parser.refusal().message, "");
    }
  }
}

TEST(RequestParser, LeavesTheNextRequestUnread) {
  HttpSettings settings;
  RequestParser parser(settings);
  Request request;
  const std::string_view first = "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok";
  const std::string text = std::string(first) + "GET /next HTTP/1.1\r\n";
  std::size_t total = 0;
  EXPECT_EQ(feed_in_two(parser, request, text, text.size(), total), Progress::done);
  EXPECT_EQ(total, first.size());
}

TEST(RequestParser, NeverEchoesWhatItRefuses) {
  HttpSettings settings;
  RequestParser parser(settings);
  for (std::string_view text :
       {"GET s3cret HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\ns3cret : x\r\n\r\n", "s3cret\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: s3cret,\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nExpect: s3cret\r\n\r\n"}) {
    Request request;
    std::size_t total = 0;
    EXPECT_EQ(feed_in_two(parser, request, text, text.size(), total), Progress::refused);
    EXPECT_EQ(parser.refusal().message.find("s3cret"), std::string::npos);
  }
}

TEST(HeaderScan, FindsAForbiddenByteAtEveryPlace) {
  const std::string clean = "GET /0123456789 HTTP/1.1\r\nHost: x\r\nX-Some: \t\x80\xff value\r\n\r\n";
  HeaderScan scan;
  scan.restart();
  ASSERT_EQ(scan.look(clean), HeaderScan::Verdict::complete);
  EXPECT_EQ(scan.size(), clean.size());
  for (char forbidden : {'\0', '\x01', '\x1f', '\x7f', '\n'}) {
    for (std::size_t at = 0; at < clean.size() - 4; ++at) {
      auto text = clean;
      text[at] = forbidden;
      if (text == clean) continue;
      scan.restart();
      EXPECT_EQ(scan.look(text), HeaderScan::Verdict::refused) << at << " " << int{forbidden};
    }
  }
}

}  // namespace
}  // namespace latchkey::io
