// The control protocol's server side over a small tailnet, without sockets: what the door answers, and
// devices whose connections are bytes in memory.
//
//   ControlWorld world;
//   auto response = world.door.upgrade(request, "192.0.2.7");
//   ControlPeer device(world);
//   auto answer = device.ask("POST", "/machine/register", body);
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "control/connection.h"
#include "control/door.h"
#include "io/runtime.h"
#include "testing/control_client.h"
#include "testing/manual_clock.h"
#include "testing/memory_stream.h"
#include "testing/world.h"

namespace latchkey::testing {

class ControlWorld {
 public:
  ControlWorld();
  ~ControlWorld();
  ControlWorld(const ControlWorld&) = delete;

  // Peers run on loops that outlive the database: its threads may still be about to leave the post of a
  // result that the peer has long taken.
  std::unique_ptr<boost::asio::io_context> take_loop();
  void give_back(std::unique_ptr<boost::asio::io_context> loop);

 private:
  std::vector<std::unique_ptr<boost::asio::io_context>> spare_loops_;

 public:
  Metrics metrics;
  io::Runtime runtime{1, quiet_log()};
  World world;
  ManualClock clock{world.now};
  control::MapHub hub{runtime, world.db(), clock, quiet_log(), metrics, "replica"};
  control::ControlContext context;
  control::ControlDoor door{context};
};

// A device that is connected to the world; its connection runs on the caller's thread, within these functions
// only.
class ControlPeer {
 public:
  explicit ControlPeer(ControlWorld& world, std::uint16_t version = 140);
  ~ControlPeer();
  ControlPeer(const ControlPeer&) = delete;

  // The device's side of HTTP/2. What it wants to send goes out with the next turn().
  ControlSession& session() { return session_; }
  MemoryStream& stream() { return stream_; }
  control::Connection& connection() { return *connection_; }

  // Passes what each side has to say to the other; waits that long for what the database has under way.
  // False when nothing happened.
  bool turn(std::chrono::milliseconds patience = std::chrono::milliseconds(0));
  // Throws std::runtime_error when there is no answer in time.
  ControlSession::Stream& ask(std::string_view method, std::string_view path, std::string body);
  bool is_over() const { return over_; }

 private:
  static io::awaitable<void> run(std::shared_ptr<control::Connection> connection, MemoryStream& stream);

  ControlWorld& world_;
  std::unique_ptr<boost::asio::io_context> loop_;
  MemoryStream stream_{*loop_};
  ControlSession session_;
  std::shared_ptr<control::Connection> connection_;
  bool over_ = false;
};

// The upgrade as a device sends it.
io::Request upgrade_request(std::string_view initiation);

}  // namespace latchkey::testing
