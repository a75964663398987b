// PostgreSQL through libpq, blocking, with one prepared statement for each Statement object.
//
// Parameters go as text (numbers, flags, text) or as bytes (blobs) and the engine infers their types; results
// come in binary. What is sent without waiting goes through libpq's pipeline mode. The connection string is
// secret: it stays in a SecretString and no error text repeats its password. A pooler between server and
// database must not be in transaction mode (it loses prepared statements).
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "base/secret.h"
#include "storage/driver/driver.h"

namespace latchkey::storage {

enum class PostgresUse { migrate, write, read, listen };

class PostgresConnection final : public Connection {
 public:
  PostgresConnection(const SecretString& url, PostgresUse use);
  ~PostgresConnection() override;

  using Connection::run;
  Rows run(const Statement& statement, std::span<const Value> parameters) override;
  using Connection::send;
  void send(const Statement& statement, std::span<const Value> parameters) override;
  void settle() override;
  std::int64_t changed() const override { return changed_; }
  using Connection::execute;
  void execute(const std::string& sql) override;
  void commit() override;
  void rollback() override;
  // Notices that the server went away before a job has to.
  void when_idle() override;
  int socket() const override { return PQsocket(connection_.get()); }
  void discard_notifications() override;

 private:
  struct Finish {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  };
  struct Clear {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
  };
  using ResultHandle = std::unique_ptr<PGresult, Clear>;
  struct Prepared {
    std::string sql;
    std::string name;
  };

  const Prepared& prepared(const Statement& statement);
  // Throws unless the result is a success.
  ResultHandle checked(PGresult* result, const char* doing);
  // Waits for what was sent; the first failure is thrown, and PostgreSQL has run nothing behind it.
  void take_results();

  PostgresUse use_;
  std::unique_ptr<PGconn, Finish> connection_;
  std::unordered_map<const Statement*, Prepared> statements_;
  std::uint64_t next_name_ = 0;
  std::int64_t changed_ = 0;
  std::size_t sent_ = 0;  // statements without an answer yet
};

class PostgresDriver final : public Driver {
 public:
  explicit PostgresDriver(SecretString url) : url_(std::move(url)) {}

  const Dialect& dialect() const override { return kPostgresDialect; }
  std::unique_ptr<Connection> connect_migrator() override;
  std::unique_ptr<Connection> connect_writer() override;
  std::unique_ptr<Connection> connect_reader() override;
  std::unique_ptr<Connection> connect_listener() override;
  void backup_to(const std::filesystem::path& path) override;

 private:
  SecretString url_;
};

}  // namespace latchkey::storage
