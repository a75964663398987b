#include "io/listen_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "io/socket_path.h"

namespace latchkey::io {
namespace {

constexpr int kSocketFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

[[noreturn]] void fail(const std::string& action, int reason = errno) {
  throw std::system_error(reason, std::system_category(), action);
}

void switch_on(int socket, int level, int option) {
  const int on = 1;
  ::setsockopt(socket, level, option, &on, sizeof on);
}

struct TcpAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

TcpAddress parse_address(const std::string& address, std::uint16_t port) {
  TcpAddress parsed;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&parsed.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&parsed.storage);
  if (::inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    parsed.size = sizeof *v4;
  } else if (::inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    parsed.size = sizeof *v6;
  } else {
    fail("listen on " + address + " (give a numeric address)", EINVAL);
  }
  return parsed;
}

sockaddr_un path_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) fail("listen on " + path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

void remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat file{};
  if (::lstat(path.c_str(), &file) != 0) return;
  if (!S_ISSOCK(file.st_mode))
    fail("listen on " + path + " (a file that is no socket is in the way)", EEXIST);
  FileDescriptor probe(::socket(AF_UNIX, kSocketFlags, 0));
  auto answered = ::connect(probe.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  // EAGAIN: alive, with a full queue.
  if (answered || errno == EAGAIN) fail("listen on " + path + " (another server answers there)", EADDRINUSE);
  ::unlink(path.c_str());
}

void describe(Peer& peer, const sockaddr_storage& from) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (from.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&from);
    ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
  } else if (from.ss_family == AF_INET6) {
    const auto& bytes = reinterpret_cast<const sockaddr_in6*>(&from)->sin6_addr;
    // A dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d; one peer shall have one spelling.
    if (IN6_IS_ADDR_V4MAPPED(&bytes)) {
      ::inet_ntop(AF_INET, &bytes.s6_addr[12], text.data(), text.size());
    } else {
      ::inet_ntop(AF_INET6, &bytes, text.data(), text.size());
    }
  }
  peer.address = text.data();
}

}  // namespace

FileDescriptor listen_on_tcp(const std::string& address, std::uint16_t port) {
  auto parsed = parse_address(address, port);
  auto name = "listen on " + address + " port " + std::to_string(port);
  FileDescriptor socket(::socket(parsed.storage.ss_family, kSocketFlags, 0));
  if (socket.number() < 0) fail(name);
  switch_on(socket.number(), SOL_SOCKET, SO_REUSEADDR);
  if (::bind(socket.number(), reinterpret_cast<const sockaddr*>(&parsed.storage), parsed.size) != 0)
    fail(name);
  if (::listen(socket.number(), SOMAXCONN) != 0) fail(name);
  return socket;
}

FileDescriptor listen_on_path(const std::string& path) {
  const SocketPath reachable(path);
  auto address = path_address(reachable.text());
  remove_stale(path, address);
  FileDescriptor socket(::socket(AF_UNIX, kSocketFlags, 0));
  if (socket.number() < 0) fail("listen on " + path);
  if (::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("listen on " + path);
  }
  // Nobody can connect before listen(), so there is no moment in which the file is open to others.
  if (::chmod(path.c_str(), 0600) != 0 || ::listen(socket.number(), SOMAXCONN) != 0)
    fail("listen on " + path);
  return socket;
}

std::uint16_t bound_port(const FileDescriptor& socket) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&bound), &size) != 0)
    fail("read the bound port");
  if (bound.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
}

FileDescriptor accept_from(int listening, Peer& peer) {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  FileDescriptor socket(
      ::accept4(listening, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.number() < 0) return socket;
  if (from.ss_family == AF_UNIX || size == 0) {
    peer.local_socket = true;
    ucred process{};
    socklen_t length = sizeof process;
    if (::getsockopt(socket.number(), SOL_SOCKET, SO_PEERCRED, &process, &length) == 0)
      peer.uid = process.uid;
  } else {
    describe(peer, from);
    switch_on(socket.number(), IPPROTO_TCP, TCP_NODELAY);
    switch_on(socket.number(), SOL_SOCKET, SO_KEEPALIVE);
  }
  return socket;
}

}  // namespace latchkey::io
