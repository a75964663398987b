// What a handler sees of HTTP: a request and a response as plain values, whichever protocol version carried
// them. Nothing here knows routes, JSON or products.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/awaitable.h"

namespace latchkey::io {

class Takeover;

struct Header {
  std::string name;
  std::string value;
};

// Who is at the other end of the connection, as the socket tells it (trusted proxies are judged above).
struct Peer {
  std::string address;  // numeric, without port; empty on a local socket
  bool tls = false;
  bool local_socket = false;         // a Unix socket: the file's permissions decided who may connect
  std::optional<std::uint32_t> uid;  // of the process at the other end of a local socket
};

struct Request {
  std::string method;  // as sent; methods are case-sensitive
  std::string target;  // origin form, raw: "/api/v2/x%2Fy?all=true". Never absolute form (already reduced)
  std::vector<Header> headers;
  std::string body;
  Peer peer;
  std::string id;  // names this request in logs, answers and the audit log: 16 hexadecimal digits

  std::string_view path() const;   // the target up to '?'
  std::string_view query() const;  // what follows '?', without it

  // First header of that name, compared without case; nothing when absent.
  std::optional<std::string_view> header(std::string_view name) const;
  std::size_t count(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";  // no Content-Type header when empty
  std::string body;
  std::vector<Header> headers;  // beyond Content-Type, Content-Length, Date, Connection, X-Request-Id
  bool sensitive = false;       // holds a secret: sent with Cache-Control: no-store and wiped after sending
  std::shared_ptr<Takeover> takeover;  // with status 101: what the connection becomes (io/takeover.h)
};

// Answers one request. May throw: the server logs it with the request id and answers 500 in JSON.
// The request outlives the returned awaitable.
using Handler = std::function<awaitable<Response>(Request&)>;

}  // namespace latchkey::io
