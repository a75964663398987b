#include "io/fetch.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "io/sink_under_test.h"

namespace latchkey::io {
namespace {

awaitable<void> fetch_into(Fetcher& fetcher, FetchRequest request,
                           std::optional<Result<FetchedDocument>>& got) {
  got = co_await fetcher.fetch(std::move(request));
}

Result<FetchedDocument> fetch(const std::string& answer,
                              const std::vector<std::string>& networks = {"127.0.0.1"},
                              std::size_t most_bytes = 1000) {
  Sink sink([&](const Sink::Connection& connection, const Sink::Received&) {
    connection.write(answer);
    return false;
  });
  boost::asio::io_context loop;
  Fetcher fetcher({*AddressGuard::make(networks), true, {}});
  FetchRequest request;
  request.url = sink.url("/keys");
  request.most_bytes = most_bytes;
  std::optional<Result<FetchedDocument>> got;
  boost::asio::co_spawn(loop, fetch_into(fetcher, std::move(request), got), boost::asio::detached);
  loop.run();
  return *got;
}

std::string ok(const std::string& body, const std::string& headers = {}) {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

TEST(FetcherAnswer, GivesTheDocumentAndHowLongItIsFresh) {
  EXPECT_EQ(fetch(ok("{}"))->body, "{}");
  EXPECT_EQ(fetch(ok("{}"))->fresh_for, seconds(0));
  EXPECT_EQ(fetch(ok("{}", "cache-control: public, max-age=300\r\n"))->fresh_for, seconds(300));
  EXPECT_EQ(fetch(ok("{}", "Cache-Control: max-age=300, no-store\r\n"))->fresh_for, seconds(0));
  EXPECT_EQ(fetch(ok("{}", "Cache-Control: max-age=soon\r\n"))->fresh_for, seconds(0));
}

TEST(FetcherAnswer, TakesStatus200AloneAndTheWholeDocument) {
  EXPECT_EQ(fetch("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").error().message,
            "the answer has the status 404");
  EXPECT_EQ(fetch("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
                .error()
                .message,
            "the answer has the status 302");
  EXPECT_EQ(fetch("HTTP/1.1 204 No Content\r\n\r\n").error().message, "the answer has the status 204");
  EXPECT_TRUE(fetch(ok(std::string(1000, 'x'))).ok());
  EXPECT_EQ(fetch(ok(std::string(1001, 'x'))).error().message, "the answer is too large");
  EXPECT_EQ(fetch(ok(std::string(1UL << 20, 'x'))).error().message, "the answer is too large");
  EXPECT_FALSE(fetch("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}").ok());  // cut short
  EXPECT_FALSE(fetch("").ok());
}

TEST(FetcherAnswer, AsksNobodyBehindTheGuard) {
  EXPECT_EQ(fetch(ok("{}"), {}).error().message, "the address 127.0.0.1 is not one that may be reached");
}

}  // namespace
}  // namespace latchkey::io
