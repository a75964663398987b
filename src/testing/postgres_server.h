// A PostgreSQL of the tests' own: Debian's package, a temporary directory, a loopback port, a random
// password.
//
//   if (auto usable = PostgresServer::available(); !usable.ok()) GTEST_SKIP() << usable.error().message;
//   auto db = storage::open_postgres(PostgresServer::shared().new_database(), ...);
//
// A small shell supervises the server: when the test process ends, however that happens, it stops the server
// and removes the directory. Started by root, everything runs as the user `postgres`. Safe from any thread,
// except restart().
#pragma once

#include <sys/types.h>

#include <atomic>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace latchkey::testing {

class PostgresServer {
 public:
  enum class Durability { full, fast };

  // Why there is no server to be had on this machine, if so.
  static Result<void> available();
  // One for the whole process, started when first asked for; not durable, and quick for it.
  static PostgresServer& shared();

  // Throws std::runtime_error with the server's log when it does not start.
  explicit PostgresServer(Durability durability);
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // Makes an empty database. Returns its URL.
  SecretString new_database();
  // Stops the server, cutting off its clients, and starts it on the same data and port.
  void restart();
  const std::string& password() const noexcept { return password_; }

 private:
  void initialise();
  void start();
  bool wait_until_ready() const;
  // `remove`: with its data.
  void stop(bool remove);
  std::string url(const std::string& database) const;
  std::string log() const;

  Durability durability_;
  std::filesystem::path binaries_;
  std::filesystem::path directory_;
  std::string password_;
  int port_ = 0;
  pid_t supervisor_ = -1;
  int lifeline_ = -1;  // the supervisor reads the other end; its end of file means that we are gone
  std::atomic<int> databases_{0};
};

}  // namespace latchkey::testing
