// The two requests that come before a device's own connection: GET /key, and /ts2021, which becomes it.
#pragma once

#include <optional>
#include <string>

#include "control/control_context.h"
#include "io/http.h"

namespace latchkey::control {

class ControlDoor {
 public:
  // The context outlives the door and every connection it makes.
  explicit ControlDoor(ControlContext& context) : context_(context) {}

  // What clients ask first: the server's public key.
  io::Response key(const io::Request& request) const;

  // Switches to the device's connection, or says why not: POST for native clients, GET for those in a
  // browser, which come by WebSocket and name the handshake in the query. `address`: of the device, behind
  // trusted proxies.
  io::Response upgrade(const io::Request& request, const std::string& address);

 private:
  io::Response begin(const io::Request& request, const std::optional<std::string>& encoded,
                     const std::string& address);

  ControlContext& context_;
};

}  // namespace latchkey::control
