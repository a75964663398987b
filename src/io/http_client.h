// Outgoing HTTP requests to addresses that somebody else chose, many at once on one thread of its own.
//
// Bounded in time, size and number. No redirect is followed, no proxy of the environment used, and no address
// reached that the guard forbids: it judges the address that is about to be connected to, so neither a
// spelling, nor a name, nor a name that changes gets around it. Connections are kept and used again, and each
// was judged when it was opened: one client has one guard for its whole life.
//
//   HttpClient client({.guard = guard});
//   client.send({.method = "POST", .url = url, .body = body}, [](const OutboundAnswer& answer) { ... });
//   auto answer = co_await client.send(std::move(request));
//
// Any thread may send. The function that is told the answer is called once, on the client's thread (or at
// once, by who sends, when there is no room), must not block, and must not destroy the client.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "io/address_guard.h"
#include "io/awaitable.h"

namespace latchkey::io {

struct OutboundRequest {
  std::string method = "GET";  // or POST
  std::string url;             // https; http where the settings allow it
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;                     // of a POST
  milliseconds connect_patience{5000};  // name, connection and TLS
  milliseconds patience{10000};         // in all, waiting for a place included
  // What of the answer's body is kept. When more comes, the rest is read for a while, so that the connection
  // can be used again, or it is cut off.
  std::size_t most_bytes = 256UL * 1024;
};

struct OutboundAnswer {
  int status = 0;  // 0: no answer; `error` says why. Never 1xx
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // The whole body is in `body`. A status counts as an answer even when it was cut off.
  bool whole = false;
  // Why there is no answer, or not a whole one: for logs and people. Names hosts and addresses, never the
  // path of the URL, and never what was sent.
  std::string error;
  bool forbidden = false;  // by the guard
  bool abandoned = false;  // by this side, which stops or has no room: nothing was learnt of the receiver
  milliseconds took{0};

  // Of the first one with that name; empty: none.
  std::string_view header(std::string_view name) const;
};

struct HttpClientSettings {
  AddressGuard guard;
  bool allow_http = false;
  std::string ca_file;  // empty: the system's authorities
  std::size_t most_parallel = 256;
  std::size_t most_waiting = 1024;
  // Lines "name:port:address" that are used instead of DNS, asked at each request; for tests.
  std::function<std::vector<std::string>()> names;
};

class HttpClient {
 public:
  using Done = std::function<void(OutboundAnswer)>;

  explicit HttpClient(HttpClientSettings settings);
  ~HttpClient();  // stops
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Cuts off what is under way and refuses the rest; everybody is told. Not from a function that is told an
  // answer. Safe to call twice.
  void stop();

  void send(OutboundRequest request, Done done);
  awaitable<OutboundAnswer> send(OutboundRequest request);

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace latchkey::io
