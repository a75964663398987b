#include "app/local_door.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace latchkey::app {
namespace {

constexpr seconds kGreetingPatience{5};
// Another command may hold the directory for a moment.
constexpr seconds kTurnPatience{10};
constexpr milliseconds kTurnStep{50};

// The process that holds the database of that directory; empty when none does.
std::string holder_of(const std::filesystem::path& data_dir) {
  const auto file = data_dir / "latchkey.lock";
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  const bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0;
  ::close(descriptor);
  if (!held) return {};
  std::string pid;
  std::getline(std::ifstream(file) >> std::ws, pid);
  return pid.empty() ? "another process" : "process " + pid;
}

bool has_database(const Settings& settings) {
  std::error_code ignored;
  return !settings.database.expose().empty() ||
         std::filesystem::exists(settings.data_dir / "latchkey.db", ignored);
}

// One thread and one reader do for one caller; a person at a terminal sees complaints, not events.
Settings modest(Settings settings) {
  settings.http_threads = 1;
  settings.database_readers = 1;
  settings.log_access = false;
  return settings;
}

}  // namespace

LocalDoor::LocalDoor(LocalDoorOptions options) : Api(options.tailnet), options_(std::move(options)) {}

LocalDoor::~LocalDoor() {
  client_.reset();
  if (own_server_) own_server_->stop();
}

Result<std::unique_ptr<LocalDoor>> LocalDoor::open(LocalDoorOptions options) {
  std::unique_ptr<LocalDoor> door(new LocalDoor(std::move(options)));
  TRY(door->go_in());
  return door;
}

// Over the socket whether or not the server behind it is ours. Fails without having reached anybody when
// nobody listens.
Result<void> LocalDoor::greet() {
  const LocalServer server{local_socket(options_.settings.data_dir), options_.tailnet, options_.user};
  TRY(client_, ApiClient::over_socket(server));
  auto hello = request_for("GET", "/healthz");
  hello.patience = kGreetingPatience;
  TRY(client_->send(hello));
  return {};
}

Result<void> LocalDoor::start_own_server() {
  const Log log(LogLevel::error, LogFormat::text);
  TRY(own_server_, Server::open(modest(options_.settings), log, Doors::local_only));
  own_server_->start();
  return greet();
}

Result<void> LocalDoor::go_in() {
  const auto& directory = options_.settings.data_dir;
  const auto socket = local_socket(directory);
  int unexplained = 0;
  const auto deadline = std::chrono::steady_clock::now() + kTurnPatience;
  while (true) {
    const auto greeted = greet();
    if (greeted) return {};
    // A greeting that went under may have met a command about to end.
    if (client_->reached() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(kTurnStep);
      continue;
    }
    if (client_->reached()) {
      const std::string holder = holder_of(directory);
      return unavailable(fmt::format("{} has {} but does not answer on it: {}; stop it and try again",
                                     holder.empty() ? "a server" : holder, socket.string(),
                                     greeted.error().message));
    }
    TRY(may_start_here());
    const auto started = start_own_server();
    if (started) return {};
    // Looked at only now: looking takes the lock for a moment when it is free.
    const std::string holder = holder_of(directory);
    const bool late = std::chrono::steady_clock::now() > deadline;
    if (late && !holder.empty()) {
      return unavailable(
          fmt::format("{} holds the database in {} but does not answer on its local socket: "
                      "wait until it is ready, or stop it",
                      holder, directory.string()));
    }
    // Held by a server that is starting or a command that is about to end; or it was, a moment ago.
    const bool may_pass =
        started.error().code == ErrorCode::unavailable && !(holder.empty() && ++unexplained > 2);
    if (late || !may_pass) return started.error();
    std::this_thread::sleep_for(kTurnStep);
  }
}

Result<void> LocalDoor::may_start_here() const {
  const auto& directory = options_.settings.data_dir;
  const auto socket = local_socket(directory);
  if (!options_.may_start) return unavailable("no server runs on " + directory.string());
  if (!options_.may_create && !has_database(options_.settings)) {
    return not_found(fmt::format("{0} holds no Latchkey database: make one with latchkey init --data-dir {0}",
                                 directory.string()));
  }
  if (::access(socket.c_str(), F_OK) == 0 && ::access(socket.c_str(), R_OK | W_OK) != 0) {
    return forbidden(fmt::format(
        "{} belongs to another user: run this command as the user that runs the server", socket.string()));
  }
  return {};
}

Result<boost::json::value> LocalDoor::send(const ApiRequest& request) {
  auto answer = client_->send(request);
  if (answer || client_->reached() || own_server_) return answer;
  TRY(go_in());
  return client_->send(request);
}

bool server_answers(const std::filesystem::path& data_dir) {
  const auto client = ApiClient::over_socket({local_socket(data_dir), {}, {}});
  auto hello = request_for("GET", "/healthz");
  hello.patience = kGreetingPatience;
  return client && ((*client)->send(hello).ok() || (*client)->reached());
}

}  // namespace latchkey::app
