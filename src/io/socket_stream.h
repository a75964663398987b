// The plain stream, and the half of the TLS stream that concerns the socket. For the stream sources only: the
// rest of the server includes byte_stream.h.
#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "io/byte_stream.h"

namespace latchkey::io {

class SocketStream : public ByteStream {
 public:
  SocketStream(boost::asio::io_context& context, int socket);

  StreamStep read_now(std::span<char> into) override;
  StreamStep write_now(std::string_view bytes) override;
  StreamStep handshake_now() override { return {StreamStep::Status::progress}; }
  awaitable<StreamStep> read_when_ready(std::span<char> into) override;
  awaitable<bool> wait(Readiness readiness) override;
  void cancel() override;
  void finish_writing() override;

 protected:
  int socket() { return descriptor_.native_handle(); }

 private:
  boost::asio::posix::basic_stream_descriptor<Executor> descriptor_;
};

}  // namespace latchkey::io
