#include "testing/control_world.h"

#include <boost/asio/co_spawn.hpp>
#include <stdexcept>

#include "base/text.h"

namespace latchkey::testing {

ControlWorld::ControlWorld()
    : context(world.db(), clock, quiet_log(), world.join_context(), crypto::x25519_generate(), hub, metrics) {
  hub.set_derp_map(R"({"Regions":{}})");
  world.db().set_commit_hook([this](std::span<const audit::Change> changes) {
    hub.apply(changes);
    context.login_waits.apply(changes);
  });
  runtime.start();
}

ControlWorld::~ControlWorld() {
  world.db().set_commit_hook([](std::span<const audit::Change>) {});
  runtime.stop();
}

std::unique_ptr<boost::asio::io_context> ControlWorld::take_loop() {
  if (spare_loops_.empty()) return std::make_unique<boost::asio::io_context>(1);
  auto loop = std::move(spare_loops_.back());
  spare_loops_.pop_back();
  loop->restart();
  return loop;
}

void ControlWorld::give_back(std::unique_ptr<boost::asio::io_context> loop) {
  spare_loops_.push_back(std::move(loop));
}

io::Request upgrade_request(std::string_view initiation) {
  io::Request request;
  request.method = "POST";
  request.target = "/ts2021";
  request.headers = {{"Upgrade", "tailscale-control-protocol"},
                     {"X-Tailscale-Handshake", to_base64(initiation)}};
  return request;
}

ControlPeer::ControlPeer(ControlWorld& world, std::uint16_t version)
    : world_(world),
      loop_(world.take_loop()),
      session_(version, crypto::x25519_generate(), world.context.key.public_key) {
  const auto accepted = world.door.upgrade(upgrade_request(session_.initiation()), "192.0.2.7");
  connection_ = std::dynamic_pointer_cast<control::Connection>(accepted.takeover);
  if (!connection_) throw std::runtime_error("the door did not open: " + accepted.body);
  session_.receive("HTTP/1.1 101 Switching Protocols\r\n\r\n" + accepted.body);
  auto running = run(connection_, stream_);
  auto ended = [this](const std::exception_ptr& failure) {
    over_ = true;
    if (failure) std::rethrow_exception(failure);
  };
  boost::asio::co_spawn(*loop_, std::move(running), std::move(ended));
  turn();
}

ControlPeer::~ControlPeer() {
  stream_.hang_up();
  while (!over_) loop_->run_one();
  world_.give_back(std::move(loop_));
}

io::awaitable<void> ControlPeer::run(std::shared_ptr<control::Connection> connection, MemoryStream& stream) {
  auto running = connection->run(stream, {});
  co_await std::move(running);
}

bool ControlPeer::turn(std::chrono::milliseconds patience) {
  const auto out = session_.take_output();
  if (!out.empty()) stream_.put(out);
  auto ran = loop_->poll();
  if (ran == 0 && patience.count() > 0) ran = loop_->run_one_for(patience);
  const auto back = stream_.take();
  if (!back.empty()) session_.receive(back);
  return !out.empty() || ran > 0 || !back.empty();
}

ControlSession::Stream& ControlPeer::ask(std::string_view method, std::string_view path, std::string body) {
  const auto id = session_.begin(method, path, std::move(body));
  while (!session_.stream(id).ended) {
    if (over_) throw std::runtime_error("the connection ended");
    if (!turn(std::chrono::seconds(20))) throw std::runtime_error("no answer to " + std::string(path));
  }
  return session_.stream(id);
}

}  // namespace latchkey::testing
