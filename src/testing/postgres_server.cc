#include "testing/postgres_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "crypto/random.h"

extern char** environ;

namespace latchkey::testing {
namespace {

constexpr int kPortAttempts = 5;
constexpr std::chrono::seconds kStartLimit{60};

// "stop" on standard input, or its end, ends the server; the end also removes the directory.
constexpr const char* kSupervise = R"sh(
directory=$1; shift
"$@" >>"$directory/log" 2>&1 </dev/null & server=$!
remove=
read -r order || remove=yes
kill -INT $server 2>/dev/null
wait $server
if [ "$remove" ]; then rm -rf "$directory"; fi
)sh";

std::filesystem::path find_binaries() {
  std::error_code ignored;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    if (std::filesystem::exists(version.path() / "bin" / "initdb", ignored)) return version.path() / "bin";
  }
  return {};
}

// PostgreSQL refuses to run as root.
std::vector<std::string> as_other_user(std::vector<std::string> command) {
  if (geteuid() != 0) return command;
  std::vector<std::string> all = {"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"};
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

pid_t spawn(const std::vector<std::string>& command, int standard_input) {
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (standard_input >= 0) posix_spawn_file_actions_adddup2(&actions, standard_input, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  // A session of its own: a signal to the test's process group (Ctrl-C, timeout) must not end the supervisor
  // before it has cleaned up.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  pid_t pid = -1;
  int error = posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::generic_category(), command.front());
  return pid;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

int free_port() {
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bool ok = bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
            getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(descriptor);
  if (!ok) throw std::runtime_error("no free port on the loopback interface");
  return ntohs(address.sin_port);
}

}  // namespace

Result<void> PostgresServer::available() {
  if (find_binaries().empty()) return unavailable("Debian's package postgresql is not installed.");
  if (geteuid() == 0 && !getpwnam("postgres")) return unavailable("There is no user postgres to run it as.");
  return {};
}

PostgresServer& PostgresServer::shared() {
  static PostgresServer server(Durability::fast);
  return server;
}

PostgresServer::PostgresServer(Durability durability)
    : durability_(durability), binaries_(find_binaries()), password_(crypto::random_hex(16)) {
  std::error_code ignored;
  bool in_memory = durability == Durability::fast && std::filesystem::is_directory("/dev/shm", ignored);
  std::string name = (in_memory ? "/dev/shm" : std::filesystem::temp_directory_path().string()) +
                     "/latchkey-postgres-XXXXXX";
  if (!mkdtemp(name.data())) throw std::system_error(errno, std::generic_category(), name);
  directory_ = name;
  initialise();
  for (int attempt = 1; port_ == 0; ++attempt) {
    port_ = free_port();
    start();
    if (wait_until_ready()) break;
    std::string reason = log();
    stop(false);
    port_ = 0;
    if (attempt == kPortAttempts) throw std::runtime_error("PostgreSQL does not start: " + reason);
  }
}

PostgresServer::~PostgresServer() {
  stop(true);
}

void PostgresServer::initialise() {
  std::filesystem::path password_file = directory_ / "password";
  std::ofstream(password_file) << password_ << '\n';
  if (geteuid() == 0) {
    const passwd* user = getpwnam("postgres");
    if (chown(directory_.c_str(), user->pw_uid, user->pw_gid) != 0 ||
        chown(password_file.c_str(), user->pw_uid, user->pw_gid) != 0) {
      throw std::system_error(errno, std::generic_category(), "chown");
    }
  }
  int status = wait_for(
      spawn(as_other_user({binaries_ / "initdb", "--pgdata=" + (directory_ / "data").string(),
                           "--username=latchkey", "--pwfile=" + password_file.string(),
                           "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"}),
            -1));
  if (status != 0) throw std::runtime_error("initdb failed");
}

void PostgresServer::start() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  std::vector<std::string> command = {"sh",       "-c",
                                      kSupervise, "supervise",
                                      directory_, binaries_ / "postgres",
                                      "-D",       directory_ / "data",
                                      "-p",       std::to_string(port_),
                                      "-c",       "listen_addresses=127.0.0.1",
                                      "-c",       "unix_socket_directories=",
                                      "-c",       "max_connections=200",
                                      "-c",       "log_min_messages=fatal"};
  if (durability_ == Durability::fast) {
    for (const char* option : {"fsync=off", "full_page_writes=off"}) {
      command.push_back("-c");
      command.push_back(option);
    }
  }
  supervisor_ = spawn(as_other_user(command), ends[0]);
  close(ends[0]);
  lifeline_ = ends[1];
}

bool PostgresServer::wait_until_ready() const {
  std::string target = url("postgres");
  auto give_up = std::chrono::steady_clock::now() + kStartLimit;
  while (std::chrono::steady_clock::now() < give_up) {
    // Connecting, not pinging: whoever else may have taken the port does not know the password.
    std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(target.c_str()), PQfinish);
    if (PQstatus(connection.get()) == CONNECTION_OK) return true;
    if (log().find("could not bind") != std::string::npos) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

void PostgresServer::stop(bool remove) {
  if (supervisor_ > 0) {
    if (!remove) (void)!write(lifeline_, "stop\n", 5);
    close(lifeline_);
    wait_for(supervisor_);
    supervisor_ = -1;
  }
  std::error_code ignored;
  if (remove) std::filesystem::remove_all(directory_, ignored);
}

void PostgresServer::restart() {
  stop(false);
  start();
  if (!wait_until_ready()) throw std::runtime_error("PostgreSQL does not start again: " + log());
}

SecretString PostgresServer::new_database() {
  std::string name = "test_" + std::to_string(++databases_);
  std::string server = url("postgres");
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(server.c_str()), PQfinish);
  std::unique_ptr<PGresult, void (*)(PGresult*)> result(
      PQexec(connection.get(), ("CREATE DATABASE " + name + " TEMPLATE template0").c_str()), PQclear);
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
    throw std::runtime_error(PQerrorMessage(connection.get()));
  }
  return SecretString(url(name));
}

std::string PostgresServer::url(const std::string& database) const {
  return "postgresql://latchkey:" + password_ + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PostgresServer::log() const {
  std::ifstream file(directory_ / "log");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace latchkey::testing
