// One device's connection after the upgrade: Noise records, HTTP/2 in them, and the requests of that machine.
//
// Every request on it comes from the machine whose key the handshake proved; a request that names a node key
// of another machine is refused where it is handled.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/control_context.h"
#include "control/login_wait.h"
#include "control/map/map_stream.h"
#include "control/noise/handshake.h"
#include "control/noise/records.h"
#include "io/http2_session.h"
#include "io/takeover.h"

namespace latchkey::control {

// Who is at the other end.
struct Machine {
  std::string key;  // "mkey:..."
  std::uint16_t capability_version = 0;
  std::string address;     // of the device, behind trusted proxies
  std::string request_id;  // of the upgrade
};

class Connection final : public io::Takeover, public std::enable_shared_from_this<Connection> {
 public:
  Connection(ControlContext& context, Machine machine, AcceptedHandshake handshake);

  // What follows the head of the 101: the handshake's answer and the first HTTP/2 frame.
  std::string first_bytes();

  io::awaitable<void> run(io::ByteStream& stream, std::string early) override;
  Clock::time_point due() const override;
  void at_due() override;
  void stop(bool at_once) override;

  // For the handlers.
  ControlContext& context() { return context_; }
  const Machine& machine() const { return machine_; }
  io::Executor executor() const { return *executor_; }
  bool is_stopping() const { return stopping_; }
  // Woken when the connection ends or the server stops.
  void add_login_wait(std::weak_ptr<LoginWait> wait);
  // A map stream of a device replaces the one it had on this connection.
  void add_map_stream(std::shared_ptr<MapStream> stream);

 private:
  bool take(std::string_view received);
  void answer_requests();
  void answer_failure(io::Http2Stream& stream, const std::exception_ptr& failure);
  void flush();
  bool is_over() const;
  bool write_unsent();
  void close();
  void end_login_waits();

  ControlContext& context_;
  Machine machine_;
  std::string handshake_response_;
  RecordSealer sealer_;
  RecordOpener opener_;
  io::Http2Session http2_;
  io::ByteStream* stream_ = nullptr;
  std::optional<io::Executor> executor_;
  std::string unsent_;  // records that the socket did not take
  bool stalled_ = false;
  io::Readiness stalled_until_ = io::Readiness::writable;
  std::vector<std::shared_ptr<MapStream>> map_streams_;
  std::vector<std::weak_ptr<LoginWait>> login_waits_;
  std::size_t running_ = 0;  // handlers
  Clock::time_point idle_since_;
  Clock::time_point stalled_since_{};
  Clock::time_point next_ping_;
  bool stopping_ = false;
  bool ending_ = false;
};

}  // namespace latchkey::control
