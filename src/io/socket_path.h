// The address of a Unix socket. A sockaddr_un holds 107 bytes: a longer path is named through an open handle
// of its directory, which this object keeps open. Valid as long as the object lives, in this process.
#pragma once

#include <filesystem>
#include <string>

namespace latchkey::io {

class SocketPath {
 public:
  explicit SocketPath(const std::filesystem::path& path);
  ~SocketPath();
  SocketPath(const SocketPath&) = delete;
  SocketPath& operator=(const SocketPath&) = delete;

  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  int directory_ = -1;
};

}  // namespace latchkey::io
