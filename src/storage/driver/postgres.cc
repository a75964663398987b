#include "storage/driver/postgres.h"

#include <array>
#include <string_view>

#include "storage/driver/postgres_value.h"

namespace latchkey::storage {
namespace {

// What a session sets for itself; the search path stays as the operator chose it.
//
// A commit that the operator's default made lossy is made durable again. A replica that hangs or vanishes
// inside a transaction holds locks that all others wait for, so the server ends it.
constexpr std::string_view kEverySession =
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = "
    "'off';"
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;";
constexpr std::string_view kWriterSession =
    "SET idle_in_transaction_session_timeout = '10s'; SET lock_timeout = '5s'; SET statement_timeout = '60s'";
constexpr std::string_view kReaderSession =
    "SET idle_in_transaction_session_timeout = '60s'; SET statement_timeout = '15s';"
    "SET default_transaction_read_only = on";
constexpr const char* kListen = "LISTEN latchkey_changes";
// Few enough that neither side's socket buffers fill up while nobody reads.
constexpr std::size_t kMostSent = 64;

std::string session_settings(PostgresUse use) {
  std::string settings(kEverySession);
  if (use == PostgresUse::write) settings += kWriterSession;
  if (use == PostgresUse::read || use == PostgresUse::listen) settings += kReaderSession;
  return settings;
}

// The passwords in a connection string, to be kept out of error texts.
class Passwords {
 public:
  explicit Passwords(const SecretString& url) {
    char* error = nullptr;
    options_ = PQconninfoParse(url.expose().c_str(), &error);
    // libpq's reason would repeat the string.
    PQfreemem(error);
    if (!options_) throw DatabaseError("the database URL is malformed");
  }
  ~Passwords() {
    for (PQconninfoOption* option = options_; option->keyword; ++option) {
      if (option->val) wipe(option->val, std::string_view(option->val).size());
    }
    PQconninfoFree(options_);
  }
  Passwords(const Passwords&) = delete;
  Passwords& operator=(const Passwords&) = delete;

  std::string without(std::string text) const {
    for (const PQconninfoOption* option = options_; option->keyword; ++option) {
      // libpq marks what a password dialog would hide with '*'.
      bool secret = option->dispchar && option->dispchar[0] == '*' && option->val && option->val[0];
      if (!secret) continue;
      std::string_view password(option->val);
      for (std::size_t at = 0; (at = text.find(password, at)) != std::string::npos; at += 3) {
        text.replace(at, password.size(), "***");
      }
    }
    return text;
  }

 private:
  PQconninfoOption* options_ = nullptr;
};

PGconn* connect(const SecretString& url) {
  // Before dbname: defaults that the connection string may override. After it: what it may not.
  constexpr std::array keywords = {"fallback_application_name",
                                   "connect_timeout",
                                   "keepalives",
                                   "keepalives_idle",
                                   "keepalives_interval",
                                   "keepalives_count",
                                   "tcp_user_timeout",
                                   "dbname",
                                   "client_encoding",
                                   "target_session_attrs",
                                   static_cast<const char*>(nullptr)};
  const std::array values = {"latchkey", "3", "1", "10", "5", "3", "10000", url.expose().c_str(), "UTF8",
                             // Never a standby, not for reading either: it lags behind what was just revoked.
                             "read-write", static_cast<const char*>(nullptr)};
  return PQconnectdbParams(keywords.data(), values.data(), 1);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

bool ends_session(std::string_view state) {
  return state == "57P01" || state == "57P02" || state == "57P03" || state == "57P05" || state == "25P03";
}

}  // namespace

PostgresConnection::PostgresConnection(const SecretString& url, PostgresUse use) : use_(use) {
  Passwords passwords(url);
  connection_.reset(connect(url));
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    std::string reason(trimmed(PQerrorMessage(connection_.get())));
    throw DatabaseError("cannot connect to PostgreSQL: " + passwords.without(std::move(reason)), true);
  }
  // The default prints warnings to standard error.
  PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
  execute(session_settings(use));
  if (use == PostgresUse::listen) execute(kListen);
}

PostgresConnection::~PostgresConnection() = default;

Rows PostgresConnection::run(const Statement& statement, std::span<const Value> parameters) {
  settle();
  const Prepared& use = prepared(statement);
  PostgresParameters sent(parameters);
  ResultHandle result = checked(PQexecPrepared(connection_.get(), use.name.c_str(), sent.count(),
                                               sent.texts(), sent.lengths(), sent.formats(), 1),
                                "run a statement");
  // Of a SELECT, the count would be that of the rows read.
  std::string_view did = PQcmdStatus(result.get());
  bool changes = did.starts_with("INSERT") || did.starts_with("UPDATE") || did.starts_with("DELETE");
  changed_ = changes ? std::stoll(PQcmdTuples(result.get())) : 0;

  Rows rows(static_cast<std::size_t>(PQntuples(result.get())));
  int columns = PQnfields(result.get());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    rows[row].reserve(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i)
      rows[row].push_back(postgres_value(result.get(), static_cast<int>(row), i));
  }
  return rows;
}

void PostgresConnection::send(const Statement& statement, std::span<const Value> parameters) {
  const Prepared& use = prepared(statement);
  PostgresParameters sent(parameters);
  if (sent_ == 0 && !PQenterPipelineMode(connection_.get())) {
    throw DatabaseError("libpq does not enter its pipeline mode");
  }
  if (!PQsendQueryPrepared(connection_.get(), use.name.c_str(), sent.count(), sent.texts(), sent.lengths(),
                           sent.formats(), 1)) {
    throw DatabaseError(
        "PostgreSQL cannot be sent a statement: " + std::string(trimmed(PQerrorMessage(connection_.get()))),
        PQstatus(connection_.get()) != CONNECTION_OK);
  }
  if (++sent_ >= kMostSent) settle();
}

void PostgresConnection::settle() {
  if (sent_ == 0) return;
  take_results();
}

void PostgresConnection::take_results() {
  PQpipelineSync(connection_.get());
  std::exception_ptr failure;
  for (; sent_ > 0; --sent_) {
    ResultHandle result(PQgetResult(connection_.get()));
    if (!result) {
      // The end of a statement's results where there should be one: only a lost connection does that.
      sent_ = 0;
      throw DatabaseError("lost the connection to PostgreSQL", true);
    }
    // Behind a failure everything is skipped.
    if (PQresultStatus(result.get()) != PGRES_PIPELINE_ABORTED && !failure) {
      try {
        checked(result.release(), "run a statement");
      } catch (...) {
        failure = std::current_exception();
      }
    }
    // Each statement's results end with none.
    while (ResultHandle more{PQgetResult(connection_.get())}) {
    }
  }
  const ResultHandle end(PQgetResult(connection_.get()));
  if (!end || PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC || !PQexitPipelineMode(connection_.get())) {
    throw DatabaseError("lost the connection to PostgreSQL", true);
  }
  if (failure) std::rethrow_exception(failure);
}

void PostgresConnection::execute(const std::string& sql) {
  settle();
  checked(PQexec(connection_.get(), sql.c_str()), "execute");
}

void PostgresConnection::commit() {
  settle();
  ResultHandle result = checked(PQexec(connection_.get(), "COMMIT"), "commit");
  // COMMIT of a transaction that failed earlier succeeds, as a rollback.
  if (std::string_view(PQcmdStatus(result.get())) != "COMMIT") {
    throw DatabaseError("PostgreSQL undid a transaction in which a statement had failed");
  }
}

void PostgresConnection::rollback() {
  try {
    settle();
  } catch (const DatabaseError& failure) {
    // What failed is undone with the rest.
    if (failure.connection_lost()) throw;
  }
  if (PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) execute("ROLLBACK");
}

void PostgresConnection::when_idle() {
  execute("SELECT 1");
}

void PostgresConnection::discard_notifications() {
  if (!PQconsumeInput(connection_.get())) {
    throw DatabaseError("lost the connection to PostgreSQL while waiting for changes", true);
  }
  while (PGnotify* notification = PQnotifies(connection_.get())) PQfreemem(notification);
}

const PostgresConnection::Prepared& PostgresConnection::prepared(const Statement& statement) {
  auto found = statements_.find(&statement);
  // The text is compared because a Statement that did not live for ever may have left its address to another.
  if (found != statements_.end() && found->second.sql == statement.sql()) return found->second;
  settle();
  Prepared fresh{statement.sql(), "s" + std::to_string(next_name_++)};
  checked(PQprepare(connection_.get(), fresh.name.c_str(), fresh.sql.c_str(), 0, nullptr),
          "prepare a statement");
  return statements_.insert_or_assign(&statement, std::move(fresh)).first->second;
}

PostgresConnection::ResultHandle PostgresConnection::checked(PGresult* raw, const char* doing) {
  ResultHandle result(raw);
  ExecStatusType status = PQresultStatus(raw);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;

  // Of the server's message only the first line: the detail behind it quotes stored values.
  const char* field = raw ? PQresultErrorField(raw, PG_DIAG_SQLSTATE) : nullptr;
  std::string_view state = field ? field : "";
  const char* primary = raw ? PQresultErrorField(raw, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
  std::string what =
      std::string("PostgreSQL cannot ") + doing + ": " +
      (primary ? std::string(primary) : std::string(trimmed(PQerrorMessage(connection_.get()))));
  if (!state.empty()) what += " (" + std::string(state) + ")";
  if (state == "23505") throw UniqueViolation(what);
  if (state == "40001" || state == "40P01" || state == "55P03") throw TransactionConflict(what);
  // A writer that suddenly may not write is connected to a server that became a standby.
  bool demoted = use_ == PostgresUse::write && state == "25006";
  throw DatabaseError(what, PQstatus(connection_.get()) != CONNECTION_OK || ends_session(state) || demoted);
}

std::unique_ptr<Connection> PostgresDriver::connect_migrator() {
  return std::make_unique<PostgresConnection>(url_, PostgresUse::migrate);
}

std::unique_ptr<Connection> PostgresDriver::connect_writer() {
  return std::make_unique<PostgresConnection>(url_, PostgresUse::write);
}

std::unique_ptr<Connection> PostgresDriver::connect_reader() {
  return std::make_unique<PostgresConnection>(url_, PostgresUse::read);
}

std::unique_ptr<Connection> PostgresDriver::connect_listener() {
  return std::make_unique<PostgresConnection>(url_, PostgresUse::listen);
}

void PostgresDriver::backup_to(const std::filesystem::path&) {
  throw std::logic_error("PostgreSQL has backup tools of its own");
}

}  // namespace latchkey::storage
