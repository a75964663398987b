// An HTTP/1.1 server on the contexts of a Runtime: sockets, TLS, limits and framing here, meaning in the
// handlers.
//
//   HttpServer server(runtime, HttpSettings{}, log, &probe);
//   auto port = server.listen_tcp("127.0.0.1", 0, handle_api);
//   server.listen_unix("/run/latchkey/admin.sock", handle_admin);
//   server.start();
//   ...
//   server.stop();   // graceful; blocks
//
// A connection stays on one context: its requests are answered there one at a time and in order. Handlers run
// on that thread, so they may not block it.
//
// The runtime, the probe, and whatever the handlers refer to must outlive the server. Listen, start and stop
// from the thread that owns the server, never from one of the runtime's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "io/http.h"

namespace latchkey::io {

class Runtime;

struct HttpSettings {
  std::size_t max_connections = 16'384;             // beyond: 503 with Retry-After
  std::size_t max_connections_per_address = 2'048;  // 0: no limit. Local sockets are not counted
  std::size_t max_header_bytes = 16 * 1024;         // request line and headers together
  std::size_t max_header_count = 100;
  std::size_t max_target_bytes = 8 * 1024;
  std::size_t max_body_bytes = 1024 * 1024;
  std::size_t max_requests_per_connection = 100'000;

  // Deadlines are kept by a sweep, so they end late by up to a quarter of the shortest (at most a second).
  std::chrono::milliseconds tls_handshake_deadline = std::chrono::seconds(10);
  std::chrono::milliseconds header_deadline =
      std::chrono::seconds(10);  // from the first byte to the last header
  std::chrono::milliseconds body_deadline = std::chrono::seconds(30);   // for the whole body
  std::chrono::milliseconds idle_deadline = std::chrono::seconds(75);   // between two requests
  std::chrono::milliseconds write_deadline = std::chrono::seconds(30);  // plus a second for each of the next:
  std::size_t least_write_bytes_per_second = 16 * 1024;
  // Zero: none. Cancels what the handler waits for and answers 504; a wait that cannot be cancelled ends on
  // its own.
  std::chrono::milliseconds handler_deadline{0};
  // How long to go on reading after a last answer, so that a client still sending gets to read it.
  std::chrono::milliseconds linger_deadline = std::chrono::seconds(2);

  std::chrono::milliseconds stop_timeout = std::chrono::seconds(20);  // for requests that are running
  std::chrono::milliseconds accept_pause =
      std::chrono::milliseconds(200);  // after running out of descriptors
  std::chrono::milliseconds tls_reload_interval = std::chrono::seconds(5);
};

// PEM files. The certificate file holds the chain, leaf first.
struct TlsFiles {
  std::string certificate_file;
  std::string key_file;
};

struct FinishedRequest {
  std::string_view id;
  std::string_view method;  // empty when the request line could not be read
  std::string_view
      target;  // raw: a client's mistake may have put a secret into it, so redact before writing it
  int status;
  std::uint64_t response_bytes;  // with headers, as handed to the socket
  std::chrono::microseconds duration;
  const Peer& peer;
};

// Told what happens on the connections, for access logs and metrics. Called from the runtime's threads,
// several at once, on the path of every request: return quickly and do not throw. Text is valid during the
// call only.
class HttpProbe {
 public:
  virtual ~HttpProbe() = default;
  virtual void connection_opened(const Peer&) {}
  virtual void connection_closed(const Peer&) {}
  virtual void connection_refused(const Peer&) {}  // too many; no request of it reaches a handler
  virtual void request_finished(const FinishedRequest&) {}
};

class HttpServer {
 public:
  // The probe may be null.
  HttpServer(Runtime& runtime, HttpSettings settings, Log log, HttpProbe* probe = nullptr);
  ~HttpServer();  // stops
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and listens at once (connections wait in the kernel until start()). The address is numeric, IPv4 or
  // IPv6; port 0 lets the kernel choose. Returns the bound port. Throws std::system_error when the address is
  // taken or wrong, std::runtime_error when the TLS files cannot be used. Only before start().
  std::uint16_t listen_tcp(const std::string& address, std::uint16_t port, Handler handler,
                           std::optional<TlsFiles> tls = std::nullopt);
  // The socket gets mode 0600. A file left by a dead server is replaced; one that answers is an error.
  void listen_unix(const std::string& path, Handler handler);

  // Begins to accept. The runtime may be started before or after.
  void start();
  // Stops accepting, closes idle connections, lets running requests end within stop_timeout (their answers
  // carry Connection: close), then cuts off. Blocks until all is gone. Safe to call twice. The runtime must
  // still run.
  void stop();

  std::size_t open_connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace latchkey::io
