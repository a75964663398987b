#include "io/socket_stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <system_error>

namespace latchkey::io {
namespace {

namespace asio = boost::asio;
using Status = StreamStep::Status;

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

}  // namespace

SocketStream::SocketStream(asio::io_context& context, int socket) : descriptor_(context) {
  boost::system::error_code failed;
  descriptor_.assign(socket, failed);
  if (failed) {
    ::close(socket);
    throw std::system_error(failed.value(), std::system_category(), "watch a socket");
  }
}

StreamStep SocketStream::read_now(std::span<char> into) {
  for (;;) {
    auto count = ::recv(socket(), into.data(), into.size(), 0);
    if (count > 0) return {Status::progress, static_cast<std::size_t>(count)};
    if (count < 0 && errno == EINTR) continue;
    return {count < 0 && would_block() ? Status::wants_readable : Status::closed};
  }
}

StreamStep SocketStream::write_now(std::string_view bytes) {
  for (;;) {
    auto count = ::send(socket(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) return {Status::progress, static_cast<std::size_t>(count)};
    if (errno == EINTR) continue;
    return {would_block() ? Status::wants_writable : Status::closed};
  }
}

// After a read that emptied the socket Asio waits for the next edge without a system call; an async_wait
// would rearm the descriptor each time.
awaitable<StreamStep> SocketStream::read_when_ready(std::span<char> into) {
  asio::mutable_buffer buffer(into.data(), into.size());
  auto [failed, count] =
      co_await descriptor_.async_read_some(buffer, asio::as_tuple(asio::use_awaitable_t<Executor>{}));
  co_return StreamStep{failed ? Status::closed : Status::progress, count};
}

awaitable<bool> SocketStream::wait(Readiness readiness) {
  auto type = readiness == Readiness::readable ? asio::posix::descriptor_base::wait_read
                                               : asio::posix::descriptor_base::wait_write;
  auto [failed] = co_await descriptor_.async_wait(type, asio::as_tuple(asio::use_awaitable_t<Executor>{}));
  co_return !failed;
}

void SocketStream::cancel() {
  boost::system::error_code ignored;
  descriptor_.cancel(ignored);
}

void SocketStream::finish_writing() {
  ::shutdown(socket(), SHUT_WR);
}

std::unique_ptr<ByteStream> make_plain_stream(asio::io_context& context, int socket) {
  return std::make_unique<SocketStream>(context, socket);
}

}  // namespace latchkey::io
