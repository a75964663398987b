#include "storage/driver/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "storage/driver/connection.h"

namespace latchkey::storage {
namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

std::string holder(int descriptor) {
  char text[32];
  ssize_t size = pread(descriptor, text, sizeof text, 0);
  std::string pid;
  for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i) pid += text[i];
  return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

LockFile::LockFile(const std::filesystem::path& path)
    : descriptor_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  if (descriptor_ < 0) {
    throw DatabaseError("cannot open the lock file " + path.string() + ": " + reason(errno));
  }
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    int error = errno;
    std::string who = holder(descriptor_);
    close(descriptor_);
    if (error == EWOULDBLOCK) {
      throw DatabaseError("the database is in use by " + who + " (" + path.string() +
                          "): stop that process, or send the request to it");
    }
    throw DatabaseError("cannot lock " + path.string() + ": " + reason(error));
  }
  std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(descriptor_, 0) != 0 || pwrite(descriptor_, pid.data(), pid.size(), 0) < 0) {
    int error = errno;
    close(descriptor_);
    throw DatabaseError("cannot write " + path.string() + ": " + reason(error));
  }
}

LockFile::~LockFile() {
  close(descriptor_);
}

}  // namespace latchkey::storage
