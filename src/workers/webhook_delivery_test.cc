#include "workers/webhook_delivery.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "core/webhooks/manage.h"
#include "core/webhooks/signature.h"
#include "core/webhooks/webhook_store.h"
#include "crypto/random.h"
#include "io/runtime.h"
#include "io/sink_under_test.h"
#include "testing/world.h"

namespace latchkey::workers {
namespace {

using identity::Operation;
using identity::Role;
using io::Sink;
using webhooks::DeliveryState;

constexpr seconds kPatience{10};

bool eventually(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

std::string text_of(const boost::json::value& value) {
  return std::string(value.as_string());
}

bool hang(const Sink::Connection& connection, const Sink::Received&) {
  connection.hang();
  return false;
}

struct LogText {
  static void take(void* self, std::string_view line) {
    auto* text = static_cast<LogText*>(self);
    const std::lock_guard lock(text->mutex);
    text->lines += std::string(line) + "\n";
  }
  std::string all() {
    const std::lock_guard lock(mutex);
    return lines;
  }
  std::mutex mutex;
  std::string lines;
};

// A tailnet of now, and a worker that may reach the loopback.
class WebhookDeliveryTest : public ::testing::Test {
 protected:
  WebhookDeliveryTest() {
    world_.now = clock_.now();
    world_.db().set_commit_hook([this](std::span<const audit::Change>) {
      const std::lock_guard lock(mutex_);
      if (worker_) worker_->wake();
    });
    runtime_.start();
  }
  ~WebhookDeliveryTest() override {
    stop();
    runtime_.stop();
  }

  void start(const std::vector<std::string>& networks = {"127.0.0.0/8"}) {
    auto worker = std::make_unique<WebhookDelivery>(
        runtime_, context_, vault_,
        WebhookSettings{.guard = *io::AddressGuard::make(networks), .allow_http = true, .alone = alone_});
    worker->start("https://latchkey.example/admin");
    const std::lock_guard lock(mutex_);
    worker_ = std::move(worker);
  }
  void stop(milliseconds patience = milliseconds(5000)) {
    std::unique_ptr<WebhookDelivery> worker;
    {
      const std::lock_guard lock(mutex_);
      worker = std::move(worker_);
    }
    if (!worker) return;
    worker->stop(patience);
    stopped_.push_back(std::move(worker));  // what it posted may still come
  }

  webhooks::EndpointWithSecret endpoint(const std::string& url, const std::string& provider = "") {
    const auto may = identity::authorize<Operation::create_webhook>(world_.caller(Role::owner));
    auto made = world_.db().write_now([&](core::Tx& tx) {
      return webhooks::create_endpoint(tx, *may, {url, provider, {"credentialCreated"}},
                                       {world_.mint(), vault_, true}, world_.now);
    });
    return *std::move(made);
  }
  // An event.
  CredentialId make_key(const std::string& description = "") {
    credentials::NewAuthKey want;
    want.description = description;
    return world_.issue_auth_key(Role::owner, want)->credential.id;
  }
  std::vector<webhooks::Attempt> attempts(const webhooks::EndpointWithSecret& of) {
    return *world_.db().read_now([&](core::Tx& tx) -> Result<std::vector<webhooks::Attempt>> {
      return tx.webhooks().attempts({of.endpoint.tailnet, of.endpoint.id}, 100);
    });
  }
  webhooks::EndpointHealth health(const webhooks::EndpointWithSecret& of) {
    return (*world_.db().read_now([&](core::Tx& tx) -> Result<std::optional<webhooks::WebhookEndpoint>> {
             return tx.webhooks().find(of.endpoint.tailnet, of.endpoint.id);
           }))
        ->health;
  }

  bool alone_ = true;
  io::Runtime runtime_{2, quiet_log()};
  testing::World world_;
  SystemClock clock_;
  Metrics metrics_;
  LogText text_;
  WorkContext context_{world_.db(), clock_, Log(LogLevel::debug, LogFormat::json, &LogText::take, &text_),
                       metrics_, "east"};
  webhooks::WebhookVault vault_{crypto::Key256(crypto::random_array<32>())};
  std::mutex mutex_;
  std::unique_ptr<WebhookDelivery> worker_;
  std::vector<std::unique_ptr<WebhookDelivery>> stopped_;
};

TEST_F(WebhookDeliveryTest, TellsWhatHappenedSignedAndSoon) {
  Sink sink(Sink::ok);
  const auto made = endpoint(sink.url());
  start();
  std::this_thread::sleep_for(milliseconds(200));
  const auto begin = std::chrono::steady_clock::now();
  const auto key = make_key("ci runner");
  ASSERT_TRUE(eventually([&] { return !sink.received().empty(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(900));  // not by the poll
  const auto received = sink.received().at(0);
  EXPECT_EQ(received.header("Content-Type"), "application/json");
  EXPECT_EQ(webhooks::verify(received.header(std::string(webhooks::kSignatureHeader)), made.secret,
                             received.body, clock_.now()),
            webhooks::Verdict::genuine);
  const auto events = boost::json::parse(received.body).as_array();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(text_of(events[0].at("type")), "credentialCreated");
  EXPECT_EQ(text_of(events[0].at("data").at("credentialID")), key.str());
  EXPECT_TRUE(text_of(events[0].at("data").at("url")).starts_with("https://latchkey.example/admin"));
  ASSERT_TRUE(eventually([&] { return attempts(made).size() == 1; }));
  EXPECT_EQ(attempts(made)[0].status, 200);
  EXPECT_EQ(attempts(made)[0].answer, "ok");
}

TEST_F(WebhookDeliveryTest, SendsInOrderAndOnceEach) {
  Sink sink(Sink::ok);
  endpoint(sink.url());
  start();
  std::vector<std::string> made;
  for (int i = 0; i < 250; ++i) made.push_back(make_key().str());
  std::vector<std::string> got;
  ASSERT_TRUE(eventually([&] {
    got.clear();
    for (const auto& request : sink.received()) {
      const auto events = boost::json::parse(request.body);
      for (const auto& event : events.as_array()) {
        got.push_back(text_of(event.at("data").at("credentialID")));
      }
    }
    return got.size() >= made.size();
  }));
  EXPECT_EQ(got, made);
  EXPECT_EQ(sink.connections(), 1U);
}

TEST_F(WebhookDeliveryTest, OneThatHangsDelaysNobody) {
  Sink dead(hang);
  Sink sink(Sink::ok);
  endpoint(dead.url());
  endpoint(sink.url());
  start();
  make_key();
  ASSERT_TRUE(eventually([&] { return dead.received().size() == 1; }));
  for (std::size_t i = 1; i <= 5; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    make_key();
    ASSERT_TRUE(eventually([&] { return sink.received().size() > i; }));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(2));
  }
  EXPECT_EQ(dead.received().size(), 1U);
  stop(milliseconds(100));
}

TEST_F(WebhookDeliveryTest, AFailureWaitsAndIsWrittenDown) {
  Sink sink([](const Sink::Connection& connection, const Sink::Received&) {
    return connection.write("HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 4\r\n\r\nbusy");
  });
  const auto made = endpoint(sink.url());
  start();
  make_key();
  ASSERT_TRUE(eventually([&] { return attempts(made).size() == 1; }));
  EXPECT_EQ(attempts(made)[0].status, 503);
  EXPECT_EQ(attempts(made)[0].answer, "busy");
  EXPECT_GE(*health(made).paused_until - clock_.now(), seconds(100));
  std::this_thread::sleep_for(milliseconds(1500));
  EXPECT_EQ(sink.received().size(), 1U);
  EXPECT_NE(metrics_.text().find("latchkey_webhook_attempts_total{outcome=\"failed\"} 1"), std::string::npos);
}

TEST_F(WebhookDeliveryTest, NothingIsSentToAForbiddenAddress) {
  Sink sink(Sink::ok);
  const auto made = endpoint(sink.url());
  start({});
  make_key();
  ASSERT_TRUE(eventually([&] { return attempts(made).size() == 1; }));
  EXPECT_FALSE(attempts(made)[0].status);
  EXPECT_EQ(attempts(made)[0].error, "the address 127.0.0.1 is not one that may be reached");
  EXPECT_EQ(sink.connections(), 0U);
  EXPECT_NE(metrics_.text().find("latchkey_webhook_attempts_total{outcome=\"forbidden\"} 1"),
            std::string::npos);
}

TEST_F(WebhookDeliveryTest, WhatIsCutOffAtTheEndIsFreeForOthersAtOnce) {
  alone_ = false;
  std::atomic<bool> dead{true};
  Sink sink([&](const Sink::Connection& connection, const Sink::Received& received) {
    return dead ? hang(connection, received) : Sink::ok(connection, received);
  });
  const auto made = endpoint(sink.url());
  start();
  make_key();
  ASSERT_TRUE(eventually([&] { return sink.received().size() == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  stop(milliseconds(200));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(2));
  EXPECT_TRUE(attempts(made).empty());  // nothing was learnt of the receiver
  EXPECT_EQ(health(made).failures, 0);
  dead = false;
  start();
  ASSERT_TRUE(eventually([&] { return attempts(made).size() == 1; }));
  EXPECT_EQ(sink.received().size(), 2U);
  EXPECT_EQ(sink.received()[0].body, sink.received()[1].body);
}

TEST_F(WebhookDeliveryTest, ClaimsOfACrashedProcessAreFreedWhenNobodyElseCanHoldThem) {
  Sink sink(Sink::ok);
  const auto made = endpoint(sink.url());
  make_key();
  const webhooks::EndpointRef ref{made.endpoint.tailnet, made.endpoint.id};
  ASSERT_TRUE(world_.db()
                  .write_now([&](core::Tx& tx) -> Result<bool> {
                    webhooks::queue_news(tx, {}, world_.now);
                    return webhooks::take_up(tx, vault_, ref, "crashed", world_.now).has_value();
                  })
                  .value());
  start();
  EXPECT_TRUE(eventually([&] { return sink.received().size() == 1; }));
}

TEST_F(WebhookDeliveryTest, SecretsAreInNoLog) {
  Sink sink([](const Sink::Connection&, const Sink::Received&) { return false; });
  const auto made = endpoint(sink.url("/services/T0/topsecret?token=alsosecret"), "slack");
  start();
  make_key();
  ASSERT_TRUE(eventually([&] { return attempts(made).size() == 1; }));
  stop();
  const auto log = text_.all();
  for (const std::string secret : {"topsecret", "alsosecret", made.secret.expose().c_str()}) {
    EXPECT_EQ(log.find(secret), std::string::npos);
    EXPECT_EQ(attempts(made)[0].error.find(secret), std::string::npos);
  }
}

TEST(RetryAfter, IsSecondsOrADate) {
  const auto now = testing::at("2026-01-01T00:00:00Z");
  EXPECT_EQ(retry_after_of("120", now), seconds(120));
  EXPECT_EQ(retry_after_of("0", now), seconds(0));
  EXPECT_EQ(retry_after_of("Thu, 01 Jan 2026 00:02:00 GMT", now), seconds(120));
  EXPECT_EQ(retry_after_of("Wed, 31 Dec 2025 23:00:00 GMT", now), seconds(0));
  for (const char* text : {"", "-1", "1.5", "soon", "120 s", "Thu, 01 Jan 2026", "99999999999999999999"}) {
    EXPECT_FALSE(retry_after_of(text, now)) << text;
  }
}

}  // namespace
}  // namespace latchkey::workers
