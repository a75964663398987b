// Keeps a second process away from a directory: an exclusive flock(2) on a file that names its holder.
//
// The kernel frees the lock when the holder dies, however that happens; the file itself stays, because
// removing it would let two processes lock two files of one name.
#pragma once

#include <filesystem>

namespace latchkey::storage {

class LockFile {
 public:
  // Throws DatabaseError that names the process that holds it, or says why the file cannot be used.
  explicit LockFile(const std::filesystem::path& path);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

 private:
  int descriptor_;
};

}  // namespace latchkey::storage
