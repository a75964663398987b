// Issuers are asked no more often than promised, whoever comes.
#include "io/issuer_keys.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "io/runtime.h"
#include "testing/manual_clock.h"

namespace latchkey::io {
namespace {

const std::string kIssuer = "https://issuer.example";

class AskingIssuers : public ::testing::Test {
 protected:
  awaitable<Result<FetchedDocument>> answer(FetchRequest request) {
    asked_.push_back(request.url);
    co_await sleep_for(std::chrono::milliseconds(5));
    if (away_) co_return unavailable("nobody answers");
    if (request.url.ends_with("/keys")) co_return FetchedDocument{R"({"keys":[]})", fresh_};
    auto issuer = request.url.substr(0, request.url.find("/.well-known"));
    co_return FetchedDocument{R"({"issuer":")" + issuer + R"(","jwks_uri":")" + issuer + R"(/keys"})", {}};
  }
  awaitable<void> ask_once(std::string issuer, IssuerKeys::Keys fresher_than, int& good) {
    const auto got = co_await keys_.keys_of(std::move(issuer), std::move(fresher_than));
    if (got.ok()) ++good;
    last_ = got.ok() ? *got : nullptr;
  }
  // So many at once. How many got keys.
  int ask(const std::string& issuer = kIssuer, int callers = 1, IssuerKeys::Keys fresher_than = nullptr) {
    boost::asio::io_context loop(1);
    int good = 0;
    for (int i = 0; i < callers; ++i) {
      boost::asio::co_spawn(loop, ask_once(issuer, fresher_than, good), boost::asio::detached);
    }
    loop.run();
    return good;
  }
  std::size_t count() const { return asked_.size(); }

  std::vector<std::string> asked_;
  bool away_ = false;
  seconds fresh_{300};
  IssuerKeys::Keys last_;
  testing::ManualClock clock_{from_micros(1'790'000'000'000'000)};
  IssuerKeys keys_{[this](FetchRequest request) { return answer(std::move(request)); }, clock_};
};

TEST_F(AskingIssuers, ManyWhoComeAtOnceShareOneRequest) {
  EXPECT_EQ(ask(kIssuer, 200), 200);
  EXPECT_EQ(asked_,
            (std::vector<std::string>{kIssuer + "/.well-known/openid-configuration", kIssuer + "/keys"}));
}

TEST_F(AskingIssuers, KeysAreKeptAsLongAsTheIssuerSaysBetweenAMinuteAndAnHour) {
  const std::pair<seconds, seconds> rows[] = {
      {seconds{0}, seconds{60}}, {seconds{300}, seconds{300}}, {seconds{1'000'000}, seconds{3600}}};
  for (const auto& [said, kept] : rows) {
    fresh_ = said;
    clock_.advance(seconds{10'000});
    EXPECT_EQ(ask(), 1);
    const auto before = count();
    clock_.advance(kept - seconds{1});
    EXPECT_EQ(ask(), 1);
    EXPECT_EQ(count(), before) << said.count();
    clock_.advance(seconds{1});
    EXPECT_EQ(ask(), 1);
    EXPECT_EQ(count(), before + 2) << said.count();
  }
}

TEST_F(AskingIssuers, KeysThatWereNotEnoughAreLookedForOnceAMinute) {
  EXPECT_EQ(ask(), 1);
  const auto first = last_;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(ask(kIssuer, 1, first), 1);
  EXPECT_EQ(count(), 2U);
  EXPECT_EQ(last_, first);
  clock_.advance(seconds{60});
  EXPECT_EQ(ask(kIssuer, 50, first), 50);
  EXPECT_EQ(count(), 4U);
  EXPECT_NE(last_, first);
}

TEST_F(AskingIssuers, OneThatDoesNotAnswerIsLeftAloneForTenSeconds) {
  away_ = true;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(ask(kIssuer, 10), 0);
  EXPECT_EQ(count(), 1U);
  clock_.advance(seconds{10});
  EXPECT_EQ(ask(), 0);
  EXPECT_EQ(count(), 2U);
  away_ = false;
  EXPECT_EQ(ask(), 0);
  clock_.advance(seconds{10});
  EXPECT_EQ(ask(), 1);
}

TEST_F(AskingIssuers, KeysServeOnForAnHourWhileTheIssuerIsAway) {
  EXPECT_EQ(ask(), 1);
  away_ = true;
  clock_.advance(seconds{300 + 3599});
  EXPECT_EQ(ask(), 1);
  clock_.advance(seconds{11});
  EXPECT_EQ(ask(), 0);
}

TEST_F(AskingIssuers, OnlySoManyAreRemembered) {
  for (int i = 0; i < 300; ++i) {
    clock_.advance(seconds{1});
    EXPECT_EQ(ask("https://issuer-" + std::to_string(i) + ".example"), 1);
  }
  const auto before = count();
  EXPECT_EQ(ask("https://issuer-299.example"), 1);
  EXPECT_EQ(count(), before) << "the newest are known";
  EXPECT_EQ(ask("https://issuer-0.example"), 1);
  EXPECT_EQ(count(), before + 2) << "the oldest were forgotten";
}

}  // namespace
}  // namespace latchkey::io
