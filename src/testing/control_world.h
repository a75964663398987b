// The control protocol's server side over a small tailnet, without sockets: what the door answers, and a
// device's connection as bytes.
//
//   ControlWorld world;
//   auto response = world.door.upgrade(request, "192.0.2.7");
#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "control/control_context.h"
#include "control/door.h"
#include "io/runtime.h"
#include "testing/manual_clock.h"
#include "testing/world.h"

namespace latchkey::testing {

class ControlWorld {
 public:
  ControlWorld() {
    context.derp_map = std::make_shared<const std::string>(R"({"Regions":{}})");
    world.db().set_commit_hook([this](std::span<const audit::Change> changes) {
      hub.apply(changes);
      context.login_waits.apply(changes);
    });
    runtime.start();
  }
  ~ControlWorld() { runtime.stop(); }
  ControlWorld(const ControlWorld&) = delete;

  Metrics metrics;
  io::Runtime runtime{1, quiet_log()};
  World world;
  ManualClock clock{world.now};
  control::MapHub hub{runtime, world.db(), clock, quiet_log(), metrics, "replica"};
  control::ControlContext context{
      world.db(), clock, quiet_log(), world.join_context(), crypto::x25519_generate(), hub, metrics};
  control::ControlDoor door{context};
};

}  // namespace latchkey::testing
