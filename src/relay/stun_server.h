// The STUN responder: one UDP socket on one of the runtime's threads. Each packet is answered or ignored on
// the spot; an answer that the socket does not take is dropped, as the network could have done.
//
// listen() and stop() belong to the thread that owns it, never to one of the runtime's. The runtime and the
// probe must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "relay/relay_probe.h"

namespace latchkey::io {
class Runtime;
}

namespace latchkey::relay {

class StunServer {
 public:
  StunServer(io::Runtime& runtime, RelayProbe& probe, Log log);
  ~StunServer();  // stops
  StunServer(const StunServer&) = delete;
  StunServer& operator=(const StunServer&) = delete;

  // The address is numeric; on "::" IPv4 is answered as well. Port 0 lets the kernel choose. Answers from now
  // on, as soon as the runtime runs. Returns the bound port; throws std::system_error when the
  // address is taken or wrong. Once only,
  // unless it threw.
  std::uint16_t listen(const std::string& address, std::uint16_t port);
  void stop();

 private:
  struct State;
  io::Runtime& runtime_;
  std::shared_ptr<State> state_;
};

}  // namespace latchkey::relay
