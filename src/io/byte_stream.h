// A connected byte stream, plain or TLS, as a session sees it: steps that never wait, and one wait for
// readiness. What is not being read or written right now costs no buffer and no timer.
//
// Belongs to the thread of its context. cancel() ends a wait() early; the caller of wait() looks at its own
// flags to learn why. A session may hand its stream to another protocol: nothing here knows HTTP.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "io/awaitable.h"

namespace latchkey::io {

enum class Readiness : std::uint8_t { readable, writable };

struct StreamStep {
  enum class Status : std::uint8_t { progress, wants_readable, wants_writable, closed };
  Status status;
  std::size_t bytes = 0;

  bool must_wait() const { return status == Status::wants_readable || status == Status::wants_writable; }
  Readiness awaited() const {
    return status == Status::wants_writable ? Readiness::writable : Readiness::readable;
  }
};

class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // `closed` stands for the orderly end and for every failure: neither leaves anything to do but to go.
  virtual StreamStep read_now(std::span<char> into) = 0;
  virtual StreamStep write_now(std::string_view bytes) = 0;
  // Repeat until `progress`; before that nothing may be read or written. A plain stream is ready at once.
  virtual StreamStep handshake_now() = 0;
  // Waits for input and reads it, or `closed` when cancelled. Cheaper than wait() and read_now(), but the
  // bytes must have a place all the while: for the small one that a waiting connection can afford.
  virtual awaitable<StreamStep> read_when_ready(std::span<char> into) = 0;

  // True when the socket became ready, false when cancelled.
  virtual awaitable<bool> wait(Readiness readiness) = 0;
  virtual void cancel() = 0;
  // Tells the peer that nothing more will come, and leaves reading open.
  virtual void finish_writing() = 0;
};

// Both take the ownership of the non-blocking, connected socket, and throw when they cannot watch it.
std::unique_ptr<ByteStream> make_plain_stream(boost::asio::io_context& context, int socket);
std::unique_ptr<ByteStream> make_tls_stream(boost::asio::io_context& context, int socket,
                                            std::shared_ptr<SSL_CTX> tls);

}  // namespace latchkey::io
