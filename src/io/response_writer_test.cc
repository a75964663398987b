#include "io/response_writer.h"

#include <gtest/gtest.h>

#include "io/request_id.h"

namespace latchkey::io {
namespace {

std::string written(const Response& response, ResponseWriter::Framing framing = {"0123456789abcdef"}) {
  ResponseWriter writer;
  std::string out = "rest of an earlier answer";
  writer.write(out, response, framing);
  return out;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(ResponseWriter, WritesOneCompleteMessage) {
  Response response;
  response.status = 201;
  response.body = "{}";
  response.headers.push_back({"Location", "/x"});
  auto text = written(response);
  EXPECT_TRUE(text.starts_with("HTTP/1.1 201 Created\r\nDate: ")) << text;
  EXPECT_TRUE(has(text, "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"));
  EXPECT_TRUE(has(text, "\r\nX-Request-Id: 0123456789abcdef\r\n"));
  EXPECT_TRUE(text.ends_with("\r\nLocation: /x\r\n\r\n{}")) << text;
}

TEST(ResponseWriter, GivesNoBodyToStatusesThatHaveNone) {
  for (int status : {204, 304}) {
    Response response;
    response.status = status;
    response.body = "text";
    auto text = written(response);
    EXPECT_FALSE(has(text, "Content-Length")) << text;
    EXPECT_FALSE(has(text, "Content-Type")) << text;
    EXPECT_TRUE(text.ends_with("\r\n\r\n")) << text;
  }
}

TEST(ResponseWriter, RefusesWhatWouldNotBeOneMessage) {
  for (std::string value :
       std::initializer_list<std::string>{"a\r\nb: c", "a\nb", "a\rb", std::string("a\0b", 3)}) {
    Response by_header;
    by_header.headers.push_back({"X-A", value});
    EXPECT_THROW(written(by_header), std::logic_error);
    Response by_type;
    by_type.content_type = value;
    EXPECT_THROW(written(by_type), std::logic_error);
  }
  for (std::string name :
       {"", "X A", "X:", "X\r\nY", "Content-Length", "transfer-encoding", "Connection", "Date"}) {
    Response response;
    response.headers.push_back({name, "1"});
    EXPECT_THROW(written(response), std::logic_error) << name;
  }
  for (int status : {0, 100, 199, 600, -1}) {
    Response response;
    response.status = status;
    EXPECT_THROW(written(response), std::logic_error) << status;
  }
}

TEST(ResponseWriter, LetsNoHandlerLoosenASensitiveAnswer) {
  Response response;
  response.sensitive = true;
  response.headers.push_back({"cache-control", "public"});
  auto text = written(response);
  EXPECT_TRUE(has(text, "Cache-Control: no-store\r\n"));
  EXPECT_FALSE(has(text, "public"));
}

TEST(ResponseWriter, WritesTheLengthOfWhatHeadLeavesOut) {
  Response response;
  response.body = "12345";
  auto text = written(response, {.request_id = "1", .close = true, .head_only = true});
  EXPECT_TRUE(has(text, "Content-Length: 5\r\n"));
  EXPECT_TRUE(text.ends_with("Connection: close\r\n\r\n"));
}

TEST(RequestIds, DifferAcrossSources) {
  RequestIds one;
  RequestIds two;
  auto first = one.next();
  EXPECT_EQ(first.size(), 16U);
  EXPECT_NE(first, one.next());
  EXPECT_NE(first, two.next());
}

}  // namespace
}  // namespace latchkey::io
