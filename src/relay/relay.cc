#include "relay/relay.h"

#include "relay/derp_messages.h"
#include "relay/relay_client.h"

namespace latchkey::relay {

Relay::Relay(RelayLimits limits, crypto::BoxKeyPair keys, Admit admit, RelayProbe& probe, Log log)
    : core_{.limits = limits,
            .keys = std::move(keys),
            .admit = std::move(admit),
            .probe = probe,
            .log = std::move(log),
            .peers = {}} {}

std::shared_ptr<io::Takeover> Relay::connect(std::string address) {
  return std::make_shared<RelayClient>(core_, std::move(address));
}

std::string Relay::greeting() const {
  std::string out;
  append_server_key(out, core_.keys.public_key);
  return out;
}

void Relay::disconnect(const NodeKey& key) {
  for (const auto& client : core_.peers.remove_key(key)) client->expel();
}

}  // namespace latchkey::relay
