// Listening sockets, made with plain system calls, and who is at the other end of what they accept.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>

#include "io/http.h"

namespace latchkey::io {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor() {
    if (number_ >= 0) ::close(number_);
  }

  int number() const noexcept { return number_; }
  int release() noexcept { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

// All throw std::system_error.
FileDescriptor listen_on_tcp(const std::string& address, std::uint16_t port);
FileDescriptor listen_on_path(const std::string& path);
std::uint16_t bound_port(const FileDescriptor& socket);

// The next waiting connection, non-blocking; without a number, and errno set, when there is none.
FileDescriptor accept_from(int listening, Peer& peer);

}  // namespace latchkey::io
