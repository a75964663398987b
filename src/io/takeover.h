// Leaving HTTP/1.1: what a connection becomes after a 101 (RFC 9110 section 7.8).
//
//   Response response;
//   response.status = 101;
//   response.headers = {{"Upgrade", "my-protocol"}};       // "Connection: Upgrade" is added
//   response.content_type.clear();
//   response.body = first_bytes_of_my_protocol;            // sent as they are, in one write with the head
//   response.takeover = std::make_shared<MyProtocol>(...);
//
// All functions are called on the connection's own thread, as is everything that run() resumes on. The server
// keeps counting the connection, sweeps its deadline and stops it with the others.
#pragma once

#include <chrono>
#include <string>

#include "io/awaitable.h"
#include "io/byte_stream.h"

namespace latchkey::io {

class Takeover {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~Takeover() = default;

  // Runs the other protocol to its end; the socket is closed afterwards. `early`: what the peer sent right
  // behind its request. The stream outlives the returned awaitable. An exception ends the connection and is
  // logged.
  virtual awaitable<void> run(ByteStream& stream, std::string early) = 0;

  // When at_due() shall be called, late by up to a second: for keep-alives and deadlines without a timer for
  // each connection. Asked for again and again; time_point::max() for never.
  virtual Clock::time_point due() const = 0;
  virtual void at_due() = 0;

  // The server stops: end within its stop_timeout, or at once, with stream.cancel() to end a wait. At once
  // may come without a gentle stop before it.
  virtual void stop(bool at_once) = 0;
};

}  // namespace latchkey::io
