// A device's side of the control protocol for tests and load: Noise, HTTP/2 and map messages without a socket
// of its own, and a driver that blocks on one.
//
//   ControlClient client(port);                               // connects, shakes hands
//   auto answer = client.ask("POST", "/machine/register", body);
//   auto poll = client.begin("POST", "/machine/map", body);
//   auto message = client.next_message(poll);                 // decompressed JSON
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "control/noise/handshake.h"
#include "control/noise/records.h"
#include "crypto/x25519.h"

struct nghttp2_session;

namespace latchkey::testing {

// Bytes in, bytes out.
class ControlSession {
 public:
  ControlSession(std::uint16_t version, const crypto::X25519KeyPair& machine,
                 const crypto::X25519PublicKey& server);
  ~ControlSession();
  ControlSession(const ControlSession&) = delete;
  ControlSession& operator=(const ControlSession&) = delete;

  // The HTTP/1.1 request that opens the connection.
  std::string upgrade_request() const;
  const std::string& initiation() const { return initiator_.initiation(); }
  // Throws std::runtime_error when the server refuses or breaks the protocol.
  void receive(std::string_view bytes);
  std::string take_output();
  bool is_ready() const { return session_ != nullptr; }

  struct Stream {
    int status = 0;
    std::string body;  // of a map stream: what is not taken as a message yet
    bool ended = false;
    std::string request;
    std::size_t sent = 0;
  };
  std::int32_t begin(std::string_view method, std::string_view path, std::string body);
  Stream& stream(std::int32_t id) { return streams_[id]; }
  // Resets the stream, as a client does that goes away.
  void cancel(std::int32_t id);
  // The next whole message of a map stream, decompressed; nothing when it has not arrived.
  std::optional<std::string> take_message(std::int32_t id);
  // The same as it came: one zstd frame or several.
  std::optional<std::string> take_packed(std::int32_t id);
  static std::string decompressed(std::string_view frames);
  // Of a stream that has ended.
  void forget(std::int32_t id) { streams_.erase(id); }

 private:
  friend struct ControlSessionCallbacks;
  void start_http2(control::TransportKeys keys);
  bool skip_early_payload(std::string& plain);

  control::Initiator initiator_;
  std::string received_;  // before the handshake is over
  bool before_http2_ = true;
  std::string ahead_;  // decrypted, while it may still be an early payload
  std::optional<control::RecordSealer> sealer_;
  std::optional<control::RecordOpener> opener_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Stream> streams_;
};

// A device: keys, and a blocking connection over loopback.
class ControlClient {
 public:
  struct Answer {
    int status = 0;
    std::string body;
    boost::json::object json() const;
  };

  explicit ControlClient(std::uint16_t port, std::uint16_t version = 140,
                         crypto::X25519KeyPair machine = crypto::x25519_generate());
  ~ControlClient();
  ControlClient(const ControlClient&) = delete;

  const crypto::X25519KeyPair& machine() const { return machine_; }
  std::string machine_key() const;

  Answer ask(std::string_view method, std::string_view path, std::string body);
  std::int32_t begin(std::string_view method, std::string_view path, std::string body);
  // Throws std::runtime_error after `patience` without one; nothing when the stream has ended.
  std::optional<std::string> next_message(std::int32_t stream,
                                          std::chrono::milliseconds patience = std::chrono::seconds(20));
  // The next message that is more than a keep-alive and that holds the member.
  boost::json::object next_with(std::int32_t stream, std::string_view member);
  bool ended(std::int32_t stream);
  void cancel(std::int32_t stream);
  ControlSession& session() { return *session_; }

  // {"publicKey"} of GET /key.
  static crypto::X25519PublicKey server_key(std::uint16_t port);

 private:
  void send();
  bool receive(std::chrono::milliseconds patience);

  crypto::X25519KeyPair machine_;
  int socket_ = -1;
  std::unique_ptr<ControlSession> session_;
};

// Request bodies as clients send them.
struct DeviceKeys {
  std::string node = random_key("nodekey:");
  std::string disco = random_key("discokey:");
  static std::string random_key(std::string_view prefix);
};
std::string register_body(const DeviceKeys& keys, std::string_view auth_key, std::string_view hostname);
std::string map_body(const DeviceKeys& keys, bool stream, bool omit_peers = false,
                     std::string_view hostname = "build-1");

}  // namespace latchkey::testing
