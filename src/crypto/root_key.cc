#include "crypto/root_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "crypto/random.h"

namespace latchkey::crypto {
namespace {

constexpr std::size_t kMaxFileSize = 256;

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
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

Error file_error(const std::filesystem::path& file, const std::string& what) {
  return malformed("root key " + file.string() + ": " + what);
}

void sync_directory(const std::filesystem::path& directory) {
  const File handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.open()) ::fsync(handle.get());
}

}  // namespace

Result<Key256> parse_root_key(const SecretString& text) {
  auto bytes = from_hex(trim(text.expose()));
  if (!bytes || bytes->size() != 32) {
    return malformed("the root key must be 64 hexadecimal digits");
  }
  std::array<std::uint8_t, 32> raw;
  std::copy(bytes->begin(), bytes->end(), raw.begin());
  wipe(bytes->data(), bytes->size());
  Key256 key(raw);
  wipe(raw.data(), raw.size());
  return key;
}

Result<Key256> read_root_key(const std::filesystem::path& file) {
  const File handle(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!handle.open()) return file_error(file, std::strerror(errno));
  struct stat info{};
  if (::fstat(handle.get(), &info) != 0) return file_error(file, std::strerror(errno));
  if ((info.st_mode & 077) != 0) {
    return file_error(file, "must not be readable by group or others; run: chmod 600 " + file.string());
  }
  std::string text(kMaxFileSize, '\0');
  const auto size = ::read(handle.get(), text.data(), text.size());
  if (size < 0) return file_error(file, std::strerror(errno));
  text.resize(static_cast<std::size_t>(size));
  auto key = parse_root_key(SecretString(std::move(text)));
  if (!key) return file_error(file, key.error().message);
  return key;
}

Result<Key256> create_root_key(const std::filesystem::path& file) {
  const File handle(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!handle.open()) return file_error(file, std::strerror(errno));
  auto raw = random_array<32>();
  const SecretString text(to_hex(raw) + "\n");
  Key256 key(raw);
  wipe(raw.data(), raw.size());
  const auto& line = text.expose();
  if (::write(handle.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
      ::fsync(handle.get()) != 0) {
    const Error failed = file_error(file, std::strerror(errno));
    ::unlink(file.c_str());
    return failed;
  }
  sync_directory(file.parent_path());
  return key;
}

std::string root_key_check(const Key256& root) {
  const Key256 derived = hkdf_sha256(root, kCheckPurpose);
  return to_hex(HmacKey(derived.expose()).sign("root key check"));
}

}  // namespace latchkey::crypto
