// The relay over HTTP: the upgrade to DERP, and the small answers by which clients measure and find captive
// portals. To be served over TLS; /generate_204 also without.
#pragma once

#include "io/http.h"
#include "relay/relay.h"

namespace latchkey::relay {

// The relay must outlive the handler.
io::Handler relay_handler(Relay& relay);

}  // namespace latchkey::relay
