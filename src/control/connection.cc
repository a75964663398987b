#include "control/connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/release.h"
#include "control/handlers.h"
#include "io/runtime.h"

namespace latchkey::control {
namespace {

// A connection without a map stream: clients open a second one for rare requests and leave it.
constexpr minutes kMostIdle{5};
constexpr seconds kMostStalled{60};
// Tells the dead from the silent; an answer must be there before the next one.
constexpr seconds kPingEvery{60};
constexpr milliseconds kDrainPoll{10};

}  // namespace

Connection::Connection(ControlContext& context, Machine machine, AcceptedHandshake handshake)
    : context_(context),
      machine_(std::move(machine)),
      handshake_response_(std::move(handshake.response)),
      sealer_(handshake.keys.server_to_client),
      opener_(handshake.keys.client_to_server),
      idle_since_(Clock::now()),
      next_ping_(Clock::now() + kPingEvery) {}

std::string Connection::first_bytes() {
  std::string out = std::move(handshake_response_);
  std::string settings;
  http2_.send(settings);
  sealer_.seal(settings, out);
  return out;
}

io::awaitable<void> Connection::run(io::ByteStream& stream, std::string early) {
  const auto alive = shared_from_this();
  stream_ = &stream;
  executor_ = co_await boost::asio::this_coro::executor;
  // The hook does not keep the connection alive: it is the connection's own.
  http2_.on_output([this] { flush(); });
  auto going = take(early);
  while (going) {
    flush();
    if (is_over()) break;
    if (stalled_) {
      co_await stream.wait(stalled_until_);
      continue;
    }
    thread_local std::array<char, 16 * 1024> received;
    const auto step = stream.read_now(received);
    if (step.status == io::StreamStep::Status::progress) {
      going = take({received.data(), step.bytes});
    } else if (step.must_wait()) {
      co_await stream.wait(step.awaited());
    } else {
      break;
    }
  }
  flush();
  close();
  // Handlers still refer to this connection's requests; none of them waits for the peer.
  while (running_ > 0) co_await io::sleep_for(kDrainPoll);
}

// False when the connection must end.
bool Connection::take(std::string_view received) {
  thread_local std::string plain;
  plain.clear();
  if (!opener_.open(received, plain)) return false;
  const auto fed = http2_.receive(plain);
  wipe(plain.data(), plain.size());
  answer_requests();
  return fed.ok();
}

void Connection::answer_requests() {
  for (auto& stream : http2_.take_requests()) {
    ++running_;
    auto answering = answer(shared_from_this(), stream);
    auto ended = [self = shared_from_this(), stream](const std::exception_ptr& failure) {
      --self->running_;
      self->idle_since_ = Clock::now();
      if (failure) self->answer_failure(*stream, failure);
      if (self->is_over() && self->stream_) self->stream_->cancel();
    };
    boost::asio::co_spawn(*executor_, std::move(answering), std::move(ended));
  }
}

void Connection::answer_failure(io::Http2Stream& stream, const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    context_.log.error("control request failed",
                       {{"path", stream.request().path()}, {"error", error.what()}});
  }
  io::Response response;
  response.status = 500;
  response.content_type = "text/plain";
  response.body = "internal server error";
  stream.respond(response);
}

bool Connection::is_over() const {
  const bool all_said = stopping_ && http2_.open_streams() == 0 && unsent_.empty();
  return ending_ || all_said || http2_.is_over();
}

// Sends what can be sent without waiting; what remains wakes the loop, which waits for the socket.
void Connection::flush() {
  if (!stream_) return;
  thread_local std::string frames;
  while (write_unsent()) {
    frames.clear();
    if (!http2_.send(frames)) return;
    sealer_.seal(frames, unsent_);
  }
}

// True when nothing is left to write and the peer is there.
bool Connection::write_unsent() {
  std::string_view rest = unsent_;
  io::StreamStep step{io::StreamStep::Status::progress};
  while (!rest.empty() && step.status == io::StreamStep::Status::progress) {
    step = stream_->write_now(rest);
    rest.remove_prefix(step.bytes);
  }
  if (step.status == io::StreamStep::Status::closed) {
    ending_ = true;
    stream_->cancel();
    return false;
  }
  if (rest.empty()) {
    release(unsent_);  // a whole map takes much
    stalled_ = false;
    return true;
  }
  if (!stalled_ || rest.size() < unsent_.size()) stalled_since_ = Clock::now();
  unsent_.erase(0, unsent_.size() - rest.size());
  stalled_until_ = step.awaited();
  // The loop may be waiting for input.
  if (!std::exchange(stalled_, true)) stream_->cancel();
  return false;
}

void Connection::add_map_stream(std::shared_ptr<MapStream> stream) {
  std::erase_if(map_streams_, [&](const auto& other) {
    if (other->is_open() && other->device() == stream->device()) other->finish();
    return !other->is_open() || other->device() == stream->device();
  });
  map_streams_.push_back(std::move(stream));
}

void Connection::add_login_wait(std::weak_ptr<LoginWait> wait) {
  std::erase_if(login_waits_, [](const auto& other) { return other.expired(); });
  login_waits_.push_back(std::move(wait));
}

void Connection::end_login_waits() {
  for (const auto& waiting : login_waits_) {
    if (const auto wait = waiting.lock()) wait->end();
  }
  login_waits_.clear();
}

Connection::Clock::time_point Connection::due() const {
  auto next = next_ping_;
  for (const auto& stream : map_streams_) next = std::min(next, stream->due());
  return next;
}

void Connection::at_due() {
  if (!stream_) return;
  const auto now = Clock::now();
  std::erase_if(map_streams_, [](const auto& stream) { return !stream->is_open(); });
  for (const auto& stream : map_streams_) {
    if (stream->due() <= now) stream->at_due();
  }
  if (now < next_ping_) return;
  next_ping_ = now + kPingEvery;
  // A request that never arrives whole, or an answer that nobody lets through, keeps no connection.
  const bool idle = running_ == 0 && map_streams_.empty() && now - idle_since_ > kMostIdle;
  const bool stalled = stalled_ && now - stalled_since_ > kMostStalled;
  if (idle || stalled || http2_.awaits_pong()) {
    ending_ = true;
    stream_->cancel();
    return;
  }
  http2_.ping();
  flush();
}

void Connection::stop(bool at_once) {
  stopping_ = true;
  for (const auto& stream : map_streams_) stream->finish();
  end_login_waits();
  http2_.shut_down();
  flush();
  // What is left are handlers; their answers are not waited for at once.
  if (at_once) ending_ = true;
  if (is_over() && stream_) stream_->cancel();
}

void Connection::close() {
  http2_.on_output(nullptr);
  for (const auto& stream : map_streams_) stream->finish();
  map_streams_.clear();
  end_login_waits();
  stream_ = nullptr;
}

}  // namespace latchkey::control
