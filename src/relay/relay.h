// The DERP relay: passes packets between devices that cannot reach each other, addressed by node key. What is
// in the packets is encrypted between the devices; the relay cannot read it.
//
//   Relay relay({}, keys, admit, probe, log);
//   http.listen_tcp(address, port, relay_handler(relay), tls);    // relay_handler.h
//   relay.disconnect(node_key);                                   // the device was removed, its key expired
//
// Devices reach each other within one tailnet only: another tailnet's are not here.
//
// disconnect() may be called from any thread. The probe and whatever `admit` refers to must outlive the
// relay; the relay must outlive the HTTP server that has its handler.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/log.h"
#include "crypto/box.h"
#include "io/awaitable.h"
#include "io/takeover.h"
#include "relay/node_key.h"
#include "relay/outbox.h"
#include "relay/peer_table.h"
#include "relay/relay_probe.h"

namespace latchkey::relay {

struct RelayLimits {
  std::chrono::milliseconds handshake = std::chrono::seconds(10);
  // Clients give up after 120 s of silence. Up to a twelfth more, so that not all are due at once.
  std::chrono::milliseconds keep_alive = std::chrono::seconds(60);
  std::chrono::milliseconds stall = std::chrono::seconds(15);  // without a byte taken by the client
  Outbox::Limits queue;
};

// The tailnet of the device that has this node key, or nothing: unknown, expired, not allowed in. Runs on the
// connection's thread, so it may not block. The key's text is "nodekey:" and 64 hexadecimal digits.
using Admit = std::function<io::awaitable<std::optional<TailnetId>>(std::string node_key)>;

// What the connections of one relay share.
struct RelayCore {
  const RelayLimits limits;
  const crypto::BoxKeyPair keys;
  const Admit admit;
  RelayProbe& probe;
  const Log log;
  PeerTable peers;
};

class Relay {
 public:
  Relay(RelayLimits limits, crypto::BoxKeyPair keys, Admit admit, RelayProbe& probe, Log log);

  const NodeKey& public_key() const { return core_.keys.public_key; }

  // What a connection becomes when it switches to DERP, and the bytes to send right behind the answer.
  std::shared_ptr<io::Takeover> connect(std::string address);
  std::string greeting() const;

  // Ends the connections of a key. From when this returns nothing is passed to or from it, except one packet
  // that is being passed on just now.
  void disconnect(const NodeKey& key);

 private:
  RelayCore core_;
};

}  // namespace latchkey::relay
