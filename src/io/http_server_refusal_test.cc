// What a client that is broken, or up to something, gets told. Each refusal ends the connection in order, so
// that a second request hidden behind the first one is never served.
#include <gtest/gtest.h>

#include "io/server_under_test.h"

namespace latchkey::io {
namespace {

constexpr std::string_view kHidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";

struct BadRequest {
  const char* name;
  std::string request;
  int status;
};

void PrintTo(const BadRequest& bad, std::ostream* out) {
  *out << bad.name;
}

class HttpServerRefusal : public testing::TestWithParam<BadRequest> {};

TEST_P(HttpServerRefusal, IsAnsweredInJsonAndEndsTheConnection) {
  HttpSettings settings;
  settings.max_header_count = 10;
  settings.max_target_bytes = 1000;
  settings.max_body_bytes = 1000;
  ServerUnderTest under(echo, settings);
  auto client = under.client();
  client.send(GetParam().request + std::string(kHidden));
  auto answer = client.read();
  EXPECT_EQ(answer.status, GetParam().status) << answer.body;
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_EQ(answer.header("X-Request-Id").size(), 16U);
  EXPECT_TRUE(answer.body.starts_with(R"({"message":")")) << answer.body;
  EXPECT_TRUE(client.ends());
}

std::string with(const std::string& headers, const std::string& body = {}) {
  return "POST / HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n" + body;
}

std::string with_nul(std::string text) {
  text[text.find('@')] = '\0';
  return text;
}

const BadRequest kFraming[] = {
    {"LengthBesideChunked", with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"ChunkedBesideLength", with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), 400},
    {"TwoDifferingLengths", with("Content-Length: 3\r\nContent-Length: 4\r\n", "abc"), 400},
    {"TwoEqualLengths", with("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400},
    {"ListOfLengths", with("Content-Length: 3, 3\r\n", "abc"), 400},
    {"NegativeLength", with("Content-Length: -1\r\n"), 400},
    {"SignedLength", with("Content-Length: +3\r\n", "abc"), 400},
    {"HexadecimalLength", with("Content-Length: 0x3\r\n", "abc"), 400},
    {"EmptyLength", with("Content-Length: \r\n"), 400},
    {"LengthBeyond64Bits", with("Content-Length: 18446744073709551619\r\n", "abc"), 400},
    {"UnknownCoding", with("Transfer-Encoding: gzip\r\n"), 501},
    {"CodingBeforeChunked", with("Transfer-Encoding: gzip, chunked\r\n"), 501},
    {"ChunkedTwice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"ChunkedNotLast", with("Transfer-Encoding: chunked, identity\r\n"), 501},
    {"QuotedCoding", with("Transfer-Encoding: \"chunked\"\r\n"), 501},
    {"NearlyChunked", with("Transfer-Encoding: xchunked\r\n"), 501},
    {"EmptyCoding", with("Transfer-Encoding:\r\n"), 501},
    {"ChunkedInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"ChunkSizeNotHexadecimal", with("Transfer-Encoding: chunked\r\n", "x\r\n"), 400},
    {"ChunkSizePrefixed", with("Transfer-Encoding: chunked\r\n", "0x3\r\nabc\r\n0\r\n\r\n"), 400},
    {"ChunkSizeNegative", with("Transfer-Encoding: chunked\r\n", "-3\r\nabc\r\n0\r\n\r\n"), 400},
    {"ChunkSizeBeyond64Bits", with("Transfer-Encoding: chunked\r\n", "10000000000000003\r\nabc\r\n0\r\n\r\n"),
     400},
    {"ChunkLineFeedAlone", with("Transfer-Encoding: chunked\r\n", "3\nabc\r\n0\r\n\r\n"), 400},
    {"ChunkWithoutItsEnd", with("Transfer-Encoding: chunked\r\n", "3\r\nabcX0\r\n\r\n"), 400},
    {"ChunkHeaderEndless", with("Transfer-Encoding: chunked\r\n", "3;" + std::string(40'000, 'x')), 400},
};
const BadRequest kHeaders[] = {
    {"FoldedHeader", with("X-A: b\r\n c: d\r\n"), 400},
    {"FoldedFirstHeader", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
    {"LineFeedAlone", "GET / HTTP/1.1\nHost: x\n\n", 400},
    {"LineFeedInValue", with("X-A: b\nX-C: d\r\n"), 400},
    {"CarriageReturnInValue", with("X-A: b\rX-C: d\r\n"), 400},
    {"CarriageReturnAtEnd", with("X-A: b\r\r\n"), 400},
    {"SpaceBeforeColon", with("Content-Length : 3\r\n", "abc"), 400},
    {"TabBeforeColon", with("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n"), 400},
    {"EmptyName", with(": b\r\n"), 400},
    {"NoColon", with("X-A\r\n"), 400},
    {"ControlInName", with("X\x01: b\r\n"), 400},
    {"NonAsciiName", with("X\xc3\xa4: b\r\n"), 400},
    {"NulInValue", with_nul(with("X-A: b@c\r\n")), 400},
    {"ControlInValue", with("X-A: b\x02\r\n"), 400},
    {"DeleteInValue", with("X-A: b\x7f\r\n"), 400},
    {"NulInTarget", with_nul("GET /a@b HTTP/1.1\r\nHost: x\r\n\r\n"), 400},
    {"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
    {"TwoHosts", with("Host: y\r\n"), 400},
    {"TwoEqualHosts", with("Host: x\r\n"), 400},
    {"MalformedHost", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"ListOfHosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
    {"OtherExpectation", with("Expect: 200-ok\r\n"), 417},
};
const BadRequest kRequestLines[] = {
    {"TabInTarget", "GET /a\tb HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"FragmentInTarget", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"NonAsciiTarget", "GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"RelativeTarget", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"AsteriskForGet", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"AuthorityTarget", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"OtherScheme", "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"UserInTarget", "GET http://user@x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"NoAuthority", "GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"TwoSpaces", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"SpaceInTarget", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"SpaceFirst", " GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"NoMethod", "/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"MethodNotAToken", "G(T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"NoVersion", "GET /\r\nHost: x\r\n\r\n", 400},
    {"LowerCaseVersion", "GET / http/1.1\r\nHost: x\r\n\r\n", 400},
    {"LongVersion", "GET / HTTP/1.10\r\nHost: x\r\n\r\n", 400},
    {"Http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"Http09", "GET / HTTP/0.9\r\nHost: x\r\n\r\n", 505},
    {"Http12", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", 505},
    {"TlsOnAPlainPort", std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8), 400},
};
const BadRequest kLimits[] = {
    {"HeadersTooLong", with("X-A: " + std::string(20'000, 'a') + "\r\n"), 431},
    {"HeadersTooLongTogether",
     with("X-A: " + std::string(9'000, 'a') + "\r\nX-B: " + std::string(9'000, 'b')), 431},
    {"TooManyHeaders", with("A:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\n"), 431},
    {"TargetTooLong", "GET /" + std::string(2'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
    {"TargetEndless", "GET /" + std::string(40'000, 'a'), 414},
    {"BodyTooLong", with("Content-Length: 1001\r\n", std::string(1001, 'b')), 413},
    {"ChunkTooLong", with("Transfer-Encoding: chunked\r\n", "3e9\r\n" + std::string(1001, 'b')), 413},
    {"ChunksTooLongTogether",
     with("Transfer-Encoding: chunked\r\n", "3e8\r\n" + std::string(1000, 'b') + "\r\n1\r\nb\r\n0\r\n\r\n"),
     413},
};

std::string name_of(const testing::TestParamInfo<BadRequest>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Framing, HttpServerRefusal, testing::ValuesIn(kFraming), name_of);
INSTANTIATE_TEST_SUITE_P(Headers, HttpServerRefusal, testing::ValuesIn(kHeaders), name_of);
INSTANTIATE_TEST_SUITE_P(RequestLines, HttpServerRefusal, testing::ValuesIn(kRequestLines), name_of);
INSTANTIATE_TEST_SUITE_P(Limits, HttpServerRefusal, testing::ValuesIn(kLimits), name_of);

TEST(HttpServerLimit, IsNamedInTheAnswer) {
  HttpSettings settings;
  settings.max_body_bytes = 1234;
  settings.max_header_bytes = 5678;
  settings.max_header_count = 7;
  ServerUnderTest under(echo, settings);
  auto body = under.client().ask(with("Content-Length: 1235\r\n"));
  EXPECT_NE(body.body.find("1234"), std::string::npos) << body.body;
  auto bytes = under.client().ask(with("X-A: " + std::string(6'000, 'a') + "\r\n"));
  EXPECT_NE(bytes.body.find("5678"), std::string::npos) << bytes.body;
  auto count = under.client().ask(with("A:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\n"));
  EXPECT_NE(count.body.find(" 7 "), std::string::npos) << count.body;
}

TEST(HttpServerLimit, LetsPassWhatJustFits) {
  HttpSettings settings;
  settings.max_body_bytes = 1000;
  settings.max_header_bytes = 500;
  settings.max_header_count = 3;
  ServerUnderTest under(echo, settings);
  auto client = under.client();
  auto body = client.ask(with("Content-Length: 1000\r\n", std::string(1000, 'b')));
  EXPECT_EQ(body.status, 200);
  std::string header = "GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nB: ";
  header += std::string(500 - header.size() - 4, 'b') + "\r\n\r\n";
  ASSERT_EQ(header.size(), 500U);
  EXPECT_EQ(client.ask(header).status, 200);
}

TEST(HttpServerLimit, IsReadableByAClientThatIsStillSending) {
  ServerUnderTest under;
  auto client = under.client();
  client.send(with("Content-Length: 30000000\r\n"));
  std::string part(1'000'000, 'b');
  for (int i = 0; i < 10; ++i) client.send(part);
  EXPECT_EQ(client.read().status, 413);
  EXPECT_TRUE(client.ends());
}

}  // namespace
}  // namespace latchkey::io
