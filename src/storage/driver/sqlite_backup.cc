// A copy of the database while it is in use: SQLite's backup functions over one snapshot, checked before the
// file gets its name.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "storage/driver/sqlite.h"

namespace latchkey::storage {
namespace {

class File {
 public:
  File(const std::filesystem::path& path, int flags)
      : path_(path), descriptor_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    if (descriptor_ < 0) fail("cannot open");
  }
  ~File() { close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void make_private() const {
    if (fchmod(descriptor_, 0600) != 0) fail("cannot make private:");
  }
  void sync() const {
    if (fsync(descriptor_) != 0) fail("cannot flush");
  }

 private:
  [[noreturn]] void fail(const char* doing) const {
    throw DatabaseError(std::string(doing) + " " + path_.string() + ": " +
                        std::generic_category().message(errno));
  }

  std::filesystem::path path_;
  int descriptor_;
};

// Removes what an interrupted copy leaves behind.
struct RemoveAtEnd {
  std::filesystem::path path;
  ~RemoveAtEnd() {
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) unlink((path.string() + suffix).c_str());
  }
};

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
using Copy = std::unique_ptr<sqlite3, CloseDatabase>;

[[noreturn]] void fail(const Copy& copy, const std::string& doing) {
  throw DatabaseError("backup: cannot " + doing + ": " + sqlite3_errmsg(copy.get()));
}

void copy_pages(sqlite3* from, const Copy& to) {
  sqlite3_backup* backup = sqlite3_backup_init(to.get(), "main", from, "main");
  if (!backup) fail(to, "start");
  // All pages in one step: one snapshot. Writers go on, only the log cannot be reused meanwhile.
  int code = sqlite3_backup_step(backup, -1);
  sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) fail(to, std::string("copy (") + sqlite3_errstr(code) + ")");
}

std::string first_text(const Copy& copy, const char* sql) {
  std::string answer;
  auto keep_first = [](void* out, int columns, char** values, char**) {
    auto& text = *static_cast<std::string*>(out);
    if (text.empty() && columns > 0 && values[0]) text = values[0];
    return 0;
  };
  if (sqlite3_exec(copy.get(), sql, keep_first, &answer, nullptr) != SQLITE_OK) fail(copy, sql);
  return answer;
}

void copy_and_check(sqlite3* from, const std::filesystem::path& path) {
  sqlite3* raw = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Copy copy(raw);
  if (code != SQLITE_OK) fail(copy, "open the copy");
  // No shared memory file beside the copy.
  first_text(copy, "PRAGMA locking_mode = EXCLUSIVE");
  copy_pages(from, copy);
  // The original's log mode comes along with its first page; without it the copy is one file, complete by
  // itself.
  if (first_text(copy, "PRAGMA journal_mode = DELETE") != "delete") fail(copy, "leave log mode");
  if (std::string found = first_text(copy, "PRAGMA integrity_check"); found != "ok") {
    throw DatabaseError("backup: the copy is damaged, and so may be the original: " + found);
  }
}

}  // namespace

void SqliteDriver::backup_to(const std::filesystem::path& path) {
  std::filesystem::path target = std::filesystem::absolute(path);
  std::filesystem::path partial = target.string() + ".partial";
  unlink(partial.c_str());
  RemoveAtEnd remove{partial};
  File(partial, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW).make_private();
  SqliteConnection source(path_, SqliteUse::read);
  copy_and_check(source.handle(), partial);
  File(partial, O_RDONLY).sync();
  if (renameat2(AT_FDCWD, partial.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0) {
    throw DatabaseError("backup: cannot create " + target.string() + ": " +
                        std::generic_category().message(errno));
  }
  File(target.parent_path(), O_RDONLY | O_DIRECTORY).sync();
}

}  // namespace latchkey::storage
