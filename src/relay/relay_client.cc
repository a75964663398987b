#include "relay/relay_client.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "crypto/random.h"

namespace latchkey::relay {
namespace {

namespace asio = boost::asio;
using Status = io::StreamStep::Status;

constexpr std::size_t kReadAtOnce = 16 * 1024;
constexpr std::size_t kWriteAtOnce = 16 * 1024;
constexpr std::size_t kKeptCapacity = 4096;
// Between two looks at the rest of the thread's work.
constexpr unsigned kReadsInARow = 16;
constexpr int kWritesInARow = 16;
// Of those whom a client wrote to, and who are told when it goes.
constexpr std::size_t kMostRemembered = 4096;
constexpr int kNotHereEachSecond = 16;
constexpr int kMostAdmissions = 8;
// What a client is told when the relay stops: clients spread themselves over the first second.
constexpr std::chrono::milliseconds kLatestReturn = std::chrono::seconds(1);
constexpr std::chrono::milliseconds kTryFor = std::chrono::seconds(5);
constexpr std::chrono::milliseconds kLeaveWithin = std::chrono::seconds(2);

std::chrono::milliseconds part_of(std::chrono::milliseconds most) {
  return std::chrono::milliseconds(crypto::random_bits() % (static_cast<std::uint64_t>(most.count()) + 1));
}

}  // namespace

RelayClient::RelayClient(RelayCore& core, std::string address)
    : core_(core),
      address_(std::move(address)),
      outbox_(core.limits.queue),
      deadline_(Clock::now() + core.limits.handshake),
      keep_alive_(Clock::time_point::max()),
      last_taken_(Clock::now()),
      keep_alive_interval_(core.limits.keep_alive + part_of(core.limits.keep_alive / 12)) {}

// From other threads.

void RelayClient::deliver(const NodeKey& source, std::string_view packet) {
  std::string frame;
  frame.reserve(kFrameHeader + source.size() + packet.size());
  append_recv_packet(frame, source, packet);
  wake(outbox_.push_packet(std::move(frame)));
}

void RelayClient::tell_gone(const NodeKey& peer) {
  std::string frame;
  append_peer_gone(frame, peer, PeerGoneReason::disconnected);
  notify(std::move(frame));
}

void RelayClient::expel() {
  if (expelled_.exchange(true)) return;
  core_.probe.removed();
  asio::post(*executor_, [self = shared_from_this()] { self->end(); });
}

void RelayClient::notify(std::string frame) {
  wake(outbox_.push_notice(std::move(frame)));
}

void RelayClient::wake(Outbox::Pushed pushed) {
  if (pushed.dropped > 0) core_.probe.dropped_slow(pushed.dropped);
  if (!pushed.wake) return;
  asio::post(*executor_, [self = shared_from_this()] { self->flush(); });
}

// The life of the connection.

io::awaitable<void> RelayClient::run(io::ByteStream& stream, std::string early) {
  executor_ = co_await asio::this_coro::executor;
  stream_ = &stream;
  reader_.feed(early);
  std::exception_ptr failure;  // of the database behind `admit`, for the connection's border
  try {
    co_await serve();
  } catch (...) {
    failure = std::current_exception();
  }
  end();
  leave_table();
  co_await join_writer();
  stream_ = nullptr;
  if (failure) std::rethrow_exception(failure);
}

io::awaitable<void> RelayClient::serve() {
  if (!co_await shake_hands()) co_return;
  if (!co_await enter_table()) co_return;
  reader_.allow(kMostFrameBytes);
  keep_alive_ = Clock::now() + keep_alive_interval_;
  if (phase_ == Phase::handshake) phase_ = Phase::open;
  for (;;) {
    while (auto frame = reader_.next()) {
      if (over() || !take(*frame)) co_return;
    }
    if (over() || reader_.broken() || !co_await read_more()) co_return;
  }
}

io::awaitable<bool> RelayClient::shake_hands() {
  for (;;) {
    if (const auto frame = reader_.next()) {
      if (frame->type == FrameType::client_info) {
        const auto info = open_client_info(frame->payload, core_.keys);
        if (info) {
          key_ = info->key;
          co_return true;
        }
        core_.log.debug("relay handshake refused", {{"address", address_}, {"error", info.error().message}});
      }
      break;
    }
    if (reader_.broken() || !co_await read_more()) break;
  }
  core_.probe.refused_handshake();
  co_return false;
}

// A key that is removed while its device connects must not slip in: then it is asked for again.
io::awaitable<bool> RelayClient::enter_table() {
  for (int i = 0; i < kMostAdmissions; ++i) {
    const auto removals = core_.peers.removals();
    auto admitting = core_.admit(node_key_text(key_));
    auto tailnet = co_await std::move(admitting);
    if (over()) co_return false;
    if (!tailnet) {
      core_.probe.refused_key();
      core_.log.info("relay refused a device", {{"node_key", node_key_text(key_)}, {"address", address_}});
      co_return false;
    }
    tailnet_ = *std::move(tailnet);
    // Before anything else that is sent, since this client is found as soon as it is in the table.
    if (i == 0) {
      std::string frame;
      append_server_info(frame, key_, core_.keys, crypto::random_array<24>());
      notify(std::move(frame));
    }
    in_table_ = core_.peers.add(shared_from_this(), removals);
    if (in_table_) {
      core_.probe.connected();
      co_return true;
    }
  }
  co_return false;
}

void RelayClient::leave_table() {
  if (!in_table_) return;
  core_.peers.remove(*this, std::move(wrote_to_));
  if (is_home_) core_.probe.became_home(false);
  core_.probe.disconnected();
}

io::awaitable<bool> RelayClient::read_more() {
  if (++reads_ % kReadsInARow == 0) co_await asio::post(*executor_, asio::use_awaitable_t<io::Executor>{});
  for (;;) {
    if (over()) co_return false;
    // Used up before the next wait, so the connections of a thread can share it.
    thread_local std::array<char, kReadAtOnce> buffer;
    const auto step = stream_->read_now(buffer);
    if (step.status == Status::progress) {
      reader_.feed({buffer.data(), step.bytes});
      co_return true;
    }
    if (!step.must_wait()) co_return false;
    co_await stream_->wait(step.awaited());
  }
}

// False when the client breaks the protocol.
bool RelayClient::take(const Frame& frame) {
  if (phase_ != Phase::open) return true;  // leaving: read, so that the last words are not lost to a reset
  if (has_twin_) core_.peers.note_activity(*this);
  switch (frame.type) {
    case FrameType::send_packet:
      return pass_on(frame);
    case FrameType::ping: {
      const auto data = parse_ping(frame.payload);
      if (!data) return false;
      std::string pong;
      append_pong(pong, *data);
      notify(std::move(pong));
      return true;
    }
    case FrameType::note_preferred: {
      const auto home = parse_note_preferred(frame.payload);
      if (!home) return false;
      if (*home != is_home_) core_.probe.became_home(*home);
      is_home_ = *home;
      return true;
    }
    default:
      return true;  // pongs, and what newer clients may send
  }
}

bool RelayClient::pass_on(const Frame& frame) {
  const auto packet = parse_packet(frame.payload);
  if (!packet) return false;
  core_.probe.received(packet->bytes.size());
  if (const auto client = core_.peers.find(packet->peer, tailnet_)) {
    if (wrote_to_.size() < kMostRemembered) wrote_to_.insert(packet->peer);
    client->deliver(key_, packet->bytes);
    return true;
  }
  core_.probe.dropped_unknown();
  if (may_say_not_here()) {
    std::string gone;
    append_peer_gone(gone, packet->peer, PeerGoneReason::not_here);
    notify(std::move(gone));
  }
  return true;
}

bool RelayClient::may_say_not_here() {
  const auto now = Clock::now();
  if (now - answers_since_ >= std::chrono::seconds(1)) {
    answers_since_ = now;
    answers_ = 0;
  }
  return answers_++ < kNotHereEachSecond;
}

// Writing.

void RelayClient::flush() {
  if (writing_ || !stream_ || phase_ >= Phase::left) return;
  const auto blocked = write_now();
  if (!blocked) return;
  writing_ = true;
  last_taken_ = Clock::now();
  auto ended = [self = shared_from_this()](const std::exception_ptr& failure) {
    if (!failure) return;
    self->writing_ = false;
    self->end();
  };
  asio::co_spawn(*executor_, write_when_ready(*blocked), std::move(ended));
}

io::awaitable<void> RelayClient::write_when_ready(io::Readiness awaited) {
  for (std::optional<io::Readiness> blocked = awaited; blocked && phase_ != Phase::ended;) {
    co_await stream_->wait(*blocked);
    if (phase_ != Phase::ended) blocked = write_now();
  }
  // Here, not in the completion: a flush that is already posted must find nobody writing.
  writing_ = false;
}

// Writes what waits. What to wait for when the socket takes no more; nothing when there is nothing to do.
std::optional<io::Readiness> RelayClient::write_now() {
  for (int i = 0; next_to_send(); ++i) {
    if (i == kWritesInARow) {
      asio::post(*executor_, [self = shared_from_this()] { self->flush(); });
      return std::nullopt;
    }
    const auto step = stream_->write_now(std::string_view(unsent_).substr(sent_));
    if (step.must_wait()) return step.awaited();
    if (step.status != Status::progress) {
      end();
      return std::nullopt;
    }
    sent_ += step.bytes;
    last_taken_ = Clock::now();
  }
  if (phase_ == Phase::leaving) {
    phase_ = Phase::left;
    stream_->finish_writing();
  }
  return std::nullopt;
}

bool RelayClient::next_to_send() {
  if (sent_ < unsent_.size()) return true;
  sent_ = 0;
  unsent_.clear();
  const auto packets = outbox_.take(unsent_, kWriteAtOnce);
  if (!unsent_.empty()) {
    core_.probe.sent(packets, unsent_.size());
    return true;
  }
  if (unsent_.capacity() > kKeptCapacity) std::string().swap(unsent_);
  return false;
}

// Ending.

void RelayClient::end() {
  if (phase_ == Phase::ended) return;
  phase_ = Phase::ended;
  if (stream_) stream_->cancel();
}

// The writer refers to the stream. It is not waiting for the peer any more, so it ends with what the thread
// has in hand.
io::awaitable<void> RelayClient::join_writer() {
  while (writing_) co_await asio::post(*executor_, asio::use_awaitable_t<io::Executor>{});
}

io::Takeover::Clock::time_point RelayClient::due() const {
  if (phase_ == Phase::ended) return Clock::time_point::max();
  if (phase_ != Phase::open) return deadline_;
  return writing_ ? std::min(keep_alive_, last_taken_ + core_.limits.stall) : keep_alive_;
}

void RelayClient::at_due() {
  const auto now = Clock::now();
  if (phase_ != Phase::open) {
    if (now >= deadline_) end();
    return;
  }
  if (writing_ && now >= last_taken_ + core_.limits.stall) {
    core_.probe.stalled();
    return end();
  }
  if (now < keep_alive_) return;
  keep_alive_ = now + keep_alive_interval_;
  std::string frame;
  append_keep_alive(frame);
  notify(std::move(frame));
}

void RelayClient::stop(bool at_once) {
  if (at_once || phase_ == Phase::handshake) return end();
  if (phase_ != Phase::open) return;
  phase_ = Phase::leaving;
  deadline_ = Clock::now() + kLeaveWithin;
  std::string frame;
  append_restarting(frame, part_of(kLatestReturn), kTryFor);
  notify(std::move(frame));
}

}  // namespace latchkey::relay
