// The relay as the settings want it: its certificate, its ports, and the map that tells devices of it and of
// others.
#pragma once

#include <memory>

#include "app/settings.h"
#include "base/metrics.h"
#include "crypto/digest.h"
#include "relay/derp_map.h"
#include "relay/server.h"

namespace latchkey::app {

struct RelayDoor {
  std::unique_ptr<relay::Server> server;  // listening, to be started; null when relay.enabled is off
  relay::DerpMap map;                     // of these two:
  std::optional<relay::EmbeddedRelay> embedded;
  std::optional<std::string> further;  // as it was read
};

// What must outlive the relay is said in relay/server.h. An error names the setting.
Result<RelayDoor> open_relay(const Settings& settings, io::Runtime& runtime, const crypto::Key256& root,
                             relay::Admit admit, Metrics& metrics, const Log& log, TimePoint now);

}  // namespace latchkey::app
