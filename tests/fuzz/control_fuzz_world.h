// A device connected to a whole control server over a tailnet in memory, for the fuzz targets of its
// requests.
#pragma once

#include <boost/json/parse.hpp>
#include <memory>
#include <string>

#include "base/text.h"
#include "require.h"
#include "testing/control_world.h"

namespace latchkey::fuzz {

struct ControlFuzzWorld {
  ControlFuzzWorld() {
    credentials::NewAuthKey want;
    want.grant.reusable = true;
    key = world.world.issue_auth_key(identity::Role::owner, want)->text.expose();
    const auto& joined = peer.ask("POST", "/machine/register", testing::register_body(keys, key, "fuzzed"));
    require(joined.status == 200 && joined.body.find("Error") == std::string::npos, "the device joins");
  }

  // Inputs cannot know what each process makes anew: they write ~KEY~ for an auth key, ~NODE~ for the joined
  // device's node key.
  std::string filled(std::string_view input) const {
    std::string text(input);
    for (const auto& [name, value] : {std::pair{"~KEY~", key}, std::pair{"~NODE~", keys.node}}) {
      const std::string_view from(name);
      for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + value.size())) {
        text.replace(at, from.size(), value);
      }
    }
    return text;
  }

  // An ordinary request after each odd one: the connection goes on, whatever the odd one did.
  void check_alive() {
    require(peer.ask("GET", "/machine/whoami", "").status == 200, "the connection goes on");
  }

  testing::ControlWorld world;
  testing::ControlPeer peer{world};
  testing::DeviceKeys keys;
  std::string key;
};

// Whether the server shall see an input that does not even parse: now and then, since it makes little of it
// and the parser alone is a hundred times faster.
inline bool is_worth_asking(bool parsed) {
  static unsigned unparsed = 0;
  return parsed || ++unparsed % 16 == 0;
}

// Made anew now and then, so that what inputs create does not pile up.
inline ControlFuzzWorld& control_world() {
  constexpr int kRunsOfOneWorld = 5'000;
  // Initialised with a world and of this thread, so that it is destroyed before OpenSSL cleans up (threads
  // that end after that leak) and before the buffers that connections share.
  static thread_local auto current = std::make_unique<ControlFuzzWorld>();
  static int runs = 0;
  if (++runs % kRunsOfOneWorld == 0) current = std::make_unique<ControlFuzzWorld>();
  // Otherwise the limit on refused joins would soon be all that is tested.
  current->world.clock.advance(seconds(7));
  return *current;
}

}  // namespace latchkey::fuzz
