// One connection: its requests, one after another, from the first byte to the last answer.
//
// Made and run on the thread of its shard, which is the only one that touches it. The spawn that runs it owns
// it.
#pragma once

#include <array>
#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "io/byte_stream.h"
#include "io/server_core.h"
#include "io/takeover.h"

namespace latchkey::io {

class Session : public SessionHook {
 public:
  using Clock = std::chrono::steady_clock;

  struct Accepted {
    FileDescriptor socket;
    Peer peer;
    std::optional<Admission> admission;  // nothing: there are too many, and it shall be told so
    Tally::Mark mark;
  };

  // Starts a session that runs until its connection ends.
  static void spawn(std::shared_ptr<ServerCore> core, Shard& shard, Listener& listener, Accepted accepted);

  Session(std::shared_ptr<ServerCore> core, Shard& shard, Listener& listener, Accepted accepted);
  ~Session();

  // For the sweep and for a stop.
  Clock::time_point deadline() const { return taken() ? takeover_->due() : deadline_; }
  void expire();         // the deadline has passed
  void close_if_idle();  // a graceful stop begins
  void cut_off();        // it ends

 private:
  enum class Stage : std::uint8_t { handshake, idle, header, body, handling, writing, lingering, taken };
  enum class Received : std::uint8_t { request, refusal, part, nothing };

  awaitable<void> run();
  awaitable<bool> shake_hands();
  awaitable<Received> receive_rest();
  awaitable<bool> read_more();
  awaitable<Response> handle();
  awaitable<bool> send(std::string_view text);
  bool send_at_once(std::string_view& text);
  awaitable<void> linger();
  awaitable<void> hand_over();
  bool taken() const { return stage_ == Stage::taken; }

  void enter(Stage stage, std::chrono::milliseconds allowed);
  void enter(Stage stage, Clock::time_point deadline);
  bool holds_unread() const { return work_ && !work_->unread().empty(); }
  bool may_wait();
  bool take_first(StreamStep step);
  Received begin_request();
  bool may_keep() const;
  void end_request(const Response& response);
  Received parse_unread();
  void refuse(int status, std::string message);
  Response refusal_response() const;
  void write_answer(Response& response, bool keep);
  void report(int status) const;
  bool over() const { return expired_ || cut_; }

  std::shared_ptr<ServerCore> core_;
  Tally::Mark mark_;  // outlives all that the owner of a server may want to destroy after a stop
  Shard& shard_;
  Listener& listener_;
  Peer peer_;
  std::optional<Admission> admission_;
  std::unique_ptr<ByteStream> stream_;
  std::unique_ptr<Workspace> work_;
  std::array<char, 1024> first_bytes_;  // where a waiting connection receives: most requests fit
  boost::asio::cancellation_signal cancel_handler_;
  std::optional<Refusal> refusal_;
  std::shared_ptr<Takeover> takeover_;
  Clock::time_point deadline_ = Clock::time_point::max();
  Clock::time_point began_{};
  std::size_t requests_ = 0;
  Stage stage_ = Stage::idle;
  bool expired_ = false;  // since the stage began
  bool cut_ = false;
  bool signalled_ = false;  // the handler's cancellation was asked for
};

}  // namespace latchkey::io
