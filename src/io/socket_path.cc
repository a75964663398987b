#include "io/socket_path.h"

#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

namespace latchkey::io {

SocketPath::SocketPath(const std::filesystem::path& path) : text_(path.string()) {
  if (text_.size() < sizeof(sockaddr_un::sun_path)) return;
  directory_ = ::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory_ >= 0) text_ = "/proc/self/fd/" + std::to_string(directory_) + "/" + path.filename().string();
}

SocketPath::~SocketPath() {
  if (directory_ >= 0) ::close(directory_);
}

}  // namespace latchkey::io
