#include "app/commands/backup.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdlib>

#include "app/commands/database_copy.h"
#include "app/local_door.h"

namespace latchkey::app::commands {
namespace {

bool is_postgres(const Settings& settings) {
  return !settings.database.expose().empty();
}

std::filesystem::path database_of(const std::filesystem::path& data_dir) {
  return data_dir / "latchkey.db";
}

// A server would make a new root key where none is, which cannot fit a database from elsewhere.
Result<void> check_root_key_is_there(const Settings& settings) {
  std::error_code ignored;
  if (!settings.root_key.expose().empty() || !settings.root_key_file.empty()) return {};
  if (const char* credentials = std::getenv("CREDENTIALS_DIRECTORY")) {
    if (std::filesystem::exists(std::filesystem::path(credentials) / "latchkey-root-key", ignored)) return {};
  }
  const auto file = settings.data_dir / "root.key";
  if (std::filesystem::exists(file, ignored)) return {};
  return conflict(
      fmt::format("put the root key that belongs to the backup into {} first (mode 0600): without it the "
                  "backup cannot be used",
                  file.string()));
}

Result<void> check_nothing_is_there(const Settings& settings) {
  std::error_code ignored;
  if (server_answers(settings.data_dir)) {
    return conflict("a server runs on " + settings.data_dir.string() +
                    ": stop it, or restore into a new directory");
  }
  for (const char* name : {"latchkey.db", "latchkey.db-wal"}) {
    const auto file = settings.data_dir / name;
    if (std::filesystem::exists(file, ignored)) {
      return conflict(file.string() + " exists: restore into a directory without a database");
    }
  }
  return {};
}

Result<void> prove_that_it_opens(const Settings& settings) {
  LocalDoorOptions options;
  options.settings = settings;
  const auto door = LocalDoor::open(std::move(options));
  if (!door) return door.error();
  TRY((*door)->send(request_for("GET", "/readyz")));
  return {};
}

void take_out_again(const std::filesystem::path& data_dir) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::remove(database_of(data_dir).string() + suffix, ignored);
  }
}

Result<void> put_back(Screen& screen, const Settings& settings, const std::filesystem::path& from) {
  const Progress progress(screen, "restoring the database");
  TRY(check_nothing_is_there(settings));
  TRY(check_database_file(from));
  TRY(check_root_key_is_there(settings));
  std::error_code failed;
  if (std::filesystem::create_directories(settings.data_dir, failed))
    ::chmod(settings.data_dir.c_str(), 0700);
  if (failed) return conflict("cannot make " + settings.data_dir.string() + ": " + failed.message());
  TRY(copy_database_file(from, database_of(settings.data_dir)));
  const auto opened = prove_that_it_opens(settings);
  if (opened) return {};
  take_out_again(settings.data_dir);
  return conflict(fmt::format("nothing was restored: a server does not open this backup in {}: {}",
                              settings.data_dir.string(), opened.error().message));
}

}  // namespace

Result<Exit> backup(Screen& screen, const BackupFlags& flags) {
  TRY(auto settings, settings_of(with_environment(flags.place)));
  if (is_postgres(settings)) return conflict("the database is PostgreSQL: back it up with pg_dump");
  std::error_code failed;
  const auto out = std::filesystem::absolute(flags.out, failed);
  if (std::filesystem::exists(std::filesystem::symlink_status(out, failed))) {
    return conflict(out.string() + " exists: name a new file");
  }
  const std::string data_dir = settings.data_dir.string();
  LocalDoorOptions options;
  options.settings = std::move(settings);
  TRY(const auto api, open_watched(std::move(options), screen));
  auto request = request_for("POST", "/api/local/backup");
  request.body = boost::json::object{{"path", out.string()}};
  request.patience = seconds{0};
  TRY(api->send(request));
  screen.print("The database is in " + out.string() + ".");
  screen.note(
      fmt::format("The root key is not in it: keep a copy of it too, apart from this file (unless set "
                  "otherwise it is {}/root.key).",
                  data_dir));
  return Exit::done;
}

Result<Exit> restore(Screen& screen, const RestoreFlags& flags) {
  TRY(const auto settings, settings_of(with_environment(flags.place)));
  if (is_postgres(settings)) return conflict("the database is PostgreSQL: restore it with pg_restore");
  TRY(put_back(screen, settings, flags.from));
  screen.print(fmt::format("{} holds the database of {}, and its root key fits.", settings.data_dir.string(),
                           flags.from));
  screen.note("Start it with: latchkey serve --data-dir " + settings.data_dir.string());
  return Exit::done;
}

}  // namespace latchkey::app::commands
