// A fixture that runs a storage test on both engines, each time on an empty database of its own.
//
//   class WriteQueueTest : public testing::EngineTest {};
//   TEST_P(WriteQueueTest, ...) { auto db = open(); ... }
//   INSTANTIATE_TEST_SUITE_P(Engines, WriteQueueTest, testing::both_engines(), testing::engine_name);
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "crypto/random.h"
#include "storage/driver/postgres.h"
#include "storage/driver/sqlite.h"
#include "storage/sql_database.h"
#include "testing/postgres_server.h"

namespace latchkey::testing {

class EngineTest : public ::testing::TestWithParam<storage::Engine> {
 protected:
  void SetUp() override {
    if (GetParam() == storage::Engine::postgres) {
      if (auto usable = PostgresServer::available(); !usable.ok()) GTEST_SKIP() << usable.error().message;
      url_ = PostgresServer::shared().new_database();
    } else {
      std::string name = (std::filesystem::temp_directory_path() / "latchkey-test-XXXXXX").string();
      ASSERT_NE(mkdtemp(name.data()), nullptr);
      directory_ = name;
    }
  }
  void TearDown() override {
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  bool on_postgres() const { return GetParam() == storage::Engine::postgres; }
  std::filesystem::path file() const { return directory_ / "latchkey.db"; }
  const SecretString& url() const { return url_; }

  // On PostgreSQL each is one more replica of the same database.
  std::unique_ptr<storage::Driver> driver() const {
    if (on_postgres()) return std::make_unique<storage::PostgresDriver>(url_);
    return std::make_unique<storage::SqliteDriver>(file());
  }
  static storage::DatabaseOptions options() {
    return {.keys = {crypto::HmacKey(std::array<std::uint8_t, 32>{1})}};
  }
  std::unique_ptr<storage::SqlDatabase> open() const {
    return std::make_unique<storage::SqlDatabase>(driver(), options());
  }

 private:
  std::filesystem::path directory_;
  SecretString url_;
};

inline auto both_engines() {
  return ::testing::Values(storage::Engine::sqlite, storage::Engine::postgres);
}

inline std::string engine_name(const ::testing::TestParamInfo<storage::Engine>& info) {
  return info.param == storage::Engine::sqlite ? "Sqlite" : "Postgres";
}

inline storage::Connection& connection_of(core::Tx& tx) {
  return static_cast<storage::UnitOfWork&>(tx).connection();
}

inline std::int64_t number(storage::Connection& connection, const std::string& sql) {
  return connection.run(storage::Statement(sql)).at(0).at(0).number();
}

// How a job ended; `kept` is what run() gave last.
struct Ending {
  bool kept = false;
  bool rejected = false;
  std::exception_ptr failure;
  int runs = 0;
};

// A job whose end may be awaited later, so that a test decides what waits together.
class WatchedJob final : public io::TxJob {
 public:
  using Work = std::function<bool(core::Tx&)>;
  explicit WatchedJob(Work work) : work_(std::move(work)) {}

  std::future<Ending> ending() { return promise_.get_future(); }
  bool run(core::Tx& tx) override {
    ++ending_.runs;
    return ending_.kept = work_(tx);
  }
  void finish(std::exception_ptr failure) override {
    ending_.failure = failure;
    promise_.set_value(ending_);
  }
  void reject(Error) override {
    ending_.rejected = true;
    promise_.set_value(ending_);
  }

 private:
  Work work_;
  Ending ending_;
  std::promise<Ending> promise_;
};

inline std::future<Ending> submit_write(io::Database& db, WatchedJob::Work work) {
  auto job = std::make_unique<WatchedJob>(std::move(work));
  auto ending = job->ending();
  db.submit_write(std::move(job));
  return ending;
}

// Keeps the writer busy until released, so that what is submitted meanwhile becomes one group.
class HeldWriter {
 public:
  explicit HeldWriter(io::Database& db) {
    ended_ = submit_write(db, [this](core::Tx&) {
      started_.set_value();
      release_.get_future().wait();
      return true;
    });
    started_.get_future().wait();
  }
  void release() {
    release_.set_value();
    ended_.wait();
  }

 private:
  std::promise<void> started_, release_;
  std::future<Ending> ended_;
};

// For what another thread or process brings about.
inline bool eventually(const std::function<bool()>& claim,
                       std::chrono::seconds limit = std::chrono::seconds(20)) {
  auto give_up = std::chrono::steady_clock::now() + limit;
  while (!claim()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace latchkey::testing
