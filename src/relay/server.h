// The embedded relay: DERP over TLS, and STUN over UDP beside it.
//
//   relay::Server server(runtime, settings, keys, admit, metrics, log);
//   auto ports = server.listen();
//   server.start();
//   server.disconnect(node_key);      // from any thread: the device was removed, its key expired
//   server.stop();                    // tells the clients to come back soon; blocks
//
// The runtime, the metrics and whatever `admit` refers to must outlive it. Listen, start and stop from the
// thread that owns it, never from one of the runtime's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "io/http_server.h"
#include "relay/relay.h"
#include "relay/stun_server.h"

namespace latchkey::relay {

struct Endpoint {
  std::string address;  // numeric
  std::uint16_t port = 0;
  bool may_move = false;  // to any free port, when that one is taken
};

struct ServerSettings {
  Endpoint listen;
  std::optional<Endpoint> stun;
  io::TlsFiles tls;
  std::size_t max_connections = 16'384;
  std::size_t max_connections_per_address = 2'048;
  std::chrono::milliseconds stop_timeout = std::chrono::seconds(5);
  RelayLimits limits;
};

class Server {
 public:
  // The keys are the relay's own and should stay the same over restarts.
  Server(io::Runtime& runtime, ServerSettings settings, crypto::BoxKeyPair keys, Admit admit,
         Metrics& metrics, const Log& log);
  ~Server();

  struct Ports {
    std::uint16_t derp = 0;
    std::int32_t stun = -1;  // -1: no STUN, as in the DERP map
  };
  // Throws when an address is taken or wrong, or the TLS files cannot be used.
  Ports listen();
  void start();
  void stop();

  // The text is "nodekey:" and 64 hexadecimal digits; any other has no connections.
  void disconnect(const std::string& node_key);
  std::size_t open_connections() const { return http_.open_connections(); }

 private:
  const ServerSettings settings_;
  RelayProbe probe_;
  Relay relay_;
  io::HttpServer http_;
  StunServer stun_;
};

}  // namespace latchkey::relay
