// The server's side of one HTTP/2 connection (RFC 9113) over any stream of bytes: it is fed what arrives and
// gives what is to be sent, and knows no socket.
//
//   Http2Session session(limits);
//   CO_TRY(session.receive(bytes));
//   for (auto& stream : session.take_requests()) answer(stream);    // now or later, in any order
//   session.send(out);                                              // again until it appends nothing
//
// A stream may be answered whole, or piece by piece for as long as its client stays (a long poll). Everything
// belongs to one thread. Streams are shared: they may outlive the session and then do nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/http.h"

struct nghttp2_session;

namespace latchkey::io {

struct Http2Limits {
  std::uint32_t max_concurrent_streams = 100;
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_header_count = 100;
  std::size_t max_body_bytes = 1024 * 1024;
  // Of all open streams together. More is answered with 503, however it is divided.
  std::size_t max_bodies_bytes = 4 * 1024 * 1024;
  // Of answers that the client does not let through; until it does, what it asks besides is answered with
  // 503.
  std::size_t max_unsent_bytes = 16 * 1024 * 1024;
  // Requests that a client may cancel before they are answered, beyond those that it let end (rapid reset).
  std::size_t max_cancelled = 200;
};

class Http2Session;

// One request and what is answered to it.
class Http2Stream {
 public:
  using Bytes = std::shared_ptr<const std::string>;

  const Request& request() const { return request_; }
  Request& request() { return request_; }

  // False once the client has reset it, or all is sent, or the connection is gone.
  bool is_open() const { return session_ != nullptr; }
  // Called once when it closes, from within the session: it must not call the session or a stream.
  void on_close(std::function<void()> hook) { on_close_ = std::move(hook); }

  // Once: either the whole answer, or its head, to be followed by pieces and finish(). On a closed stream,
  // and in any other order, nothing happens.
  void respond(const Response& response);
  void begin(int status, std::string_view content_type);
  // Pieces may be shared between many streams.
  void push(Bytes piece);
  void push(const std::vector<Bytes>& pieces);
  void finish();

  // Of pushed bytes that the peer's windows or the socket have not let through yet.
  std::size_t unsent() const { return unsent_; }

 private:
  friend class Http2Session;
  friend struct Http2Callbacks;

  void refuse(int status, std::string_view reason);
  void submit(int status, std::string_view content_type, const std::vector<Header>& headers,
              std::optional<std::size_t> length);
  long read_piece(std::uint8_t* into, std::size_t room, std::uint32_t* flags);
  void close();

  Http2Session* session_ = nullptr;
  std::int32_t id_ = 0;
  Request request_;
  std::size_t header_bytes_ = 0;
  bool begun_ = false;
  bool finished_ = false;
  bool deferred_ = false;
  bool refused_ = false;  // too large: answered, the rest is ignored
  std::size_t body_bytes_ = 0;
  std::vector<Bytes> pieces_;
  std::size_t piece_ = 0;   // the first unsent one
  std::size_t offset_ = 0;  // into it
  std::size_t unsent_ = 0;
  std::function<void()> on_close_;
};

class Http2Session {
 public:
  explicit Http2Session(const Http2Limits& limits = {});
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  // After an error the connection must end, once send() has given what explains it to the peer.
  Result<void> receive(std::string_view bytes);
  // Requests that have arrived whole since the last call and that their client has not cancelled meanwhile.
  std::vector<std::shared_ptr<Http2Stream>> take_requests();
  // Appends what is to be sent, up to about 64 KiB. False when there was nothing.
  bool send(std::string& out);

  // Called when a stream has something to send outside of receive(). Set it once.
  void on_output(std::function<void()> hook) { on_output_ = std::move(hook); }

  // Tells the peer that no new request will be served (GOAWAY).
  void shut_down();
  // A peer that does not answer is gone. One ping at a time.
  void ping();
  bool awaits_pong() const { return awaits_pong_; }

  // Nothing more will come or go.
  bool is_over() const;
  std::size_t open_streams() const { return streams_.size(); }
  // Of answers that the peer's windows or the socket have not let through yet.
  std::size_t unsent() const;
  // Of request bodies that open streams brought.
  std::size_t bodies_bytes() const { return bodies_bytes_; }

 private:
  friend class Http2Stream;
  friend struct Http2Callbacks;

  Http2Limits limits_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, std::shared_ptr<Http2Stream>> streams_;
  std::vector<std::shared_ptr<Http2Stream>> requests_;
  std::function<void()> on_output_;
  std::size_t answered_ = 0;
  std::size_t cancelled_ = 0;
  bool awaits_pong_ = false;
  bool receiving_ = false;
  bool broken_ = false;
  bool abused_ = false;
  std::size_t bodies_bytes_ = 0;
};

}  // namespace latchkey::io
