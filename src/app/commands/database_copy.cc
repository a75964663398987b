#include "app/commands/database_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"

namespace latchkey::app::commands {
namespace {

constexpr std::array kTables{"installation", "tailnets", "users", "credentials", "audit_records"};
constexpr std::size_t kCopyStep = 1U << 20;

class File {
 public:
  File(const std::filesystem::path& path, int flags)
      : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }
  bool open() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};

Error file_error(const std::filesystem::path& file, const std::string& doing) {
  return conflict(fmt::format("cannot {} {}: {}", doing, file.string(), std::strerror(errno)));
}

// The first column of every row.
Result<std::vector<std::string>> first_column(sqlite3* database, const char* sql) {
  std::vector<std::string> rows;
  const auto keep = [](void* into, int columns, char** values, char**) {
    if (columns > 0 && values[0] != nullptr)
      static_cast<std::vector<std::string>*>(into)->emplace_back(values[0]);
    return 0;
  };
  if (sqlite3_exec(database, sql, keep, &rows, nullptr) != SQLITE_OK)
    return conflict(sqlite3_errmsg(database));
  return rows;
}

Result<void> check_contents(sqlite3* database) {
  TRY(const auto tables, first_column(database, "SELECT name FROM sqlite_schema WHERE type = 'table'"));
  const std::set<std::string> found(tables.begin(), tables.end());
  for (const char* table : kTables) {
    if (!found.contains(table))
      return conflict(fmt::format("not a Latchkey database: it has no table {}", table));
  }
  TRY(const auto report, first_column(database, "PRAGMA integrity_check"));
  if (report.size() != 1 || report.front() != "ok") {
    return conflict("damaged: " + (report.empty() ? std::string("no report") : report.front()));
  }
  return {};
}

Result<void> copy_bytes(const std::filesystem::path& from, const std::filesystem::path& to) {
  const File source(from, O_RDONLY);
  if (!source.open()) return file_error(from, "read");
  const File target(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  if (!target.open() || ::fchmod(target.get(), 0600) != 0) return file_error(to, "make");
  std::vector<char> buffer(kCopyStep);
  while (true) {
    const ssize_t size = ::read(source.get(), buffer.data(), buffer.size());
    if (size < 0) return file_error(from, "read");
    if (size == 0) break;
    for (ssize_t at = 0; at < size;) {
      const ssize_t written = ::write(target.get(), buffer.data() + at, static_cast<std::size_t>(size - at));
      if (written < 0) return file_error(to, "write");
      at += written;
    }
  }
  if (::fsync(target.get()) != 0) return file_error(to, "write");
  return {};
}

}  // namespace

Result<void> check_database_file(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return not_found(file.string() + " is not a file");
  if (std::filesystem::exists(file.string() + "-wal", ignored)) {
    return conflict(file.string() +
                    " is the database of a server and has a log beside it: make a copy with "
                    "latchkey backup");
  }
  // Immutable: no lock and no file beside it, wherever it lies.
  const std::string uri = "file:" + percent_encode(std::filesystem::absolute(file).string()) + "?immutable=1";
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(uri.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
  const std::unique_ptr<sqlite3, CloseDatabase> database(raw);
  if (code != SQLITE_OK) return conflict(fmt::format("{}: {}", file.string(), sqlite3_errstr(code)));
  const auto good = check_contents(database.get());
  if (!good) return conflict(fmt::format("{}: {}", file.string(), good.error().message));
  return {};
}

Result<void> copy_database_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  const std::filesystem::path partial = to.string() + ".partial";
  ::unlink(partial.c_str());
  auto copied = copy_bytes(from, partial);
  if (copied) copied = check_database_file(partial);
  if (copied && ::renameat2(AT_FDCWD, partial.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    copied = file_error(to, "make");
  }
  if (!copied) {
    ::unlink(partial.c_str());
    return copied;
  }
  const File directory(to.parent_path(), O_RDONLY | O_DIRECTORY);
  if (!directory.open() || ::fsync(directory.get()) != 0) return file_error(to.parent_path(), "write");
  return {};
}

}  // namespace latchkey::app::commands
