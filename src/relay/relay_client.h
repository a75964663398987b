// One device's connection: its handshake, what it sends, and what is sent to it.
//
// Runs on its connection's thread. Other threads hand it frames and ask it to end; both are noted here and
// acted on over there. Reading is one coroutine for the life of the connection. Writing happens at once where
// the socket takes it; a second coroutine lives only while it does not, so that a client that reads slowly
// can still send, and blocks nobody else.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/takeover.h"
#include "relay/derp_messages.h"
#include "relay/relay.h"

namespace latchkey::relay {

class RelayClient final : public io::Takeover, public std::enable_shared_from_this<RelayClient> {
 public:
  RelayClient(RelayCore& core, std::string address);

  // From any thread, once it is in the table.
  const NodeKey& key() const { return key_; }
  const TailnetId& tailnet() const { return tailnet_; }
  void deliver(const NodeKey& source, std::string_view packet);
  void tell_gone(const NodeKey& peer);
  void expel();
  void set_has_twin(bool has) { has_twin_ = has; }

  // Of the connection, on its thread.
  io::awaitable<void> run(io::ByteStream& stream, std::string early) override;
  Clock::time_point due() const override;
  void at_due() override;
  void stop(bool at_once) override;

 private:
  enum class Phase : std::uint8_t { handshake, open, leaving, left, ended };  // in this order

  io::awaitable<void> serve();
  io::awaitable<bool> shake_hands();
  io::awaitable<bool> enter_table();
  io::awaitable<bool> read_more();
  bool take(const Frame& frame);
  bool pass_on(const Frame& frame);
  bool may_say_not_here();

  void wake(Outbox::Pushed pushed);
  void notify(std::string frame);
  void flush();
  std::optional<io::Readiness> write_now();
  bool next_to_send();
  io::awaitable<void> write_when_ready(io::Readiness awaited);
  void end();
  io::awaitable<void> join_writer();
  void leave_table();
  bool over() const { return phase_ == Phase::ended || expelled_; }

  RelayCore& core_;
  const std::string address_;
  NodeKey key_{};  // with tailnet_, set once, before others can find this client
  TailnetId tailnet_;
  std::optional<io::Executor> executor_;  // of the connection
  Outbox outbox_;
  std::atomic<bool> has_twin_{false};
  std::atomic<bool> expelled_{false};

  // From here on for the connection's thread alone.
  io::ByteStream* stream_ = nullptr;
  Phase phase_ = Phase::handshake;
  FrameReader reader_{kMostClientInfoBytes};
  std::string unsent_;
  std::size_t sent_ = 0;  // of unsent_
  bool writing_ = false;  // the second coroutine lives
  bool in_table_ = false;
  bool is_home_ = false;
  Clock::time_point deadline_;    // of the handshake, later of leaving
  Clock::time_point keep_alive_;  // when the next one is due
  Clock::time_point last_taken_;  // when the client last took a byte
  std::chrono::milliseconds keep_alive_interval_;
  NodeKeySet wrote_to_;
  Clock::time_point answers_since_{};  // "not here" is said a few times a second
  int answers_ = 0;
  unsigned reads_ = 0;
};

}  // namespace latchkey::relay
