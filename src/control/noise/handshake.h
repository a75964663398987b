// The ts2021 handshake: Noise IK with the server's key known to the client (public client source:
// tailscale/tailscale, control/controlbase/handshake.go). Bytes in, bytes out; both roles.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "control/noise/symmetric_state.h"
#include "crypto/x25519.h"

namespace latchkey::control {

inline constexpr std::size_t kInitiationSize = 101;  // on the wire
inline constexpr std::size_t kResponseSize = 51;     // on the wire

struct TransportKeys {
  crypto::Key256 client_to_server;
  crypto::Key256 server_to_client;
  crypto::Digest handshake_hash{};
};

struct AcceptedHandshake {
  std::uint16_t version = 0;          // the client's capability version
  crypto::X25519PublicKey machine{};  // who connects. Proven only by the first record that opens: an
                                      // initiation can be replayed, so do nothing lasting before that
  std::string response;               // kResponseSize bytes
  TransportKeys keys;
};

// The server's part. Errors (malformed_input) are texts for the peer and never repeat its bytes.
Result<AcceptedHandshake> accept_handshake(const crypto::X25519KeyPair& server, std::string_view initiation);
Result<AcceptedHandshake> accept_handshake(const crypto::X25519KeyPair& server,
                                           const crypto::X25519KeyPair& ephemeral,
                                           std::string_view initiation);

// What is sent instead of a response.
std::string error_frame(std::string_view text);

// The client's part: for tests, load and interoperability checks.
class Initiator {
 public:
  Initiator(std::uint16_t version, crypto::X25519KeyPair machine, const crypto::X25519PublicKey& server,
            crypto::X25519KeyPair ephemeral = crypto::x25519_generate());

  const std::string& initiation() const { return initiation_; }
  Result<TransportKeys> finish(std::string_view response);

 private:
  crypto::X25519KeyPair machine_;
  crypto::X25519KeyPair ephemeral_;
  SymmetricState state_;
  std::string initiation_;
};

}  // namespace latchkey::control
