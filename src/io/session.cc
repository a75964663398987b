#include "io/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstring>

#include "base/secret.h"

namespace latchkey::io {
namespace {

namespace asio = boost::asio;
using Progress = RequestParser::Progress;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::unique_ptr<ByteStream> make_stream(asio::io_context& context, const Listener& listener,
                                        FileDescriptor socket) {
  if (!listener.tls) return make_plain_stream(context, socket.release());
  return make_tls_stream(context, socket.release(), listener.tls->current());
}

std::string seconds_text(std::chrono::milliseconds duration) {
  return fmt::format("{:g} seconds", static_cast<double>(duration.count()) / 1000);
}

}  // namespace

void Session::spawn(std::shared_ptr<ServerCore> core, Shard& shard, Listener& listener, Accepted accepted) {
  auto log = core->log;
  auto session = std::make_unique<Session>(std::move(core), shard, listener, std::move(accepted));
  auto slot = session->cancel_handler_.slot();
  auto running = session->run();
  auto ended = [log, owned = std::move(session)](const std::exception_ptr& failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      log.error("connection failed", {{"peer", owned->peer_.address}, {"error", error.what()}});
    }
  };
  asio::co_spawn(shard.context, std::move(running), asio::bind_cancellation_slot(slot, std::move(ended)));
}

Session::Session(std::shared_ptr<ServerCore> core, Shard& shard, Listener& listener, Accepted accepted)
    : core_(std::move(core)),
      mark_(std::move(accepted.mark)),
      shard_(shard),
      listener_(listener),
      peer_(std::move(accepted.peer)),
      admission_(std::move(accepted.admission)),
      stream_(make_stream(shard.context, listener, std::move(accepted.socket))) {
  peer_.tls = listener.tls != nullptr;
  if (!admission_) ++core_->refusing;
  shard_.sessions.push_back(*this);
  if (core_->probe)
    admission_ ? core_->probe->connection_opened(peer_) : core_->probe->connection_refused(peer_);
}

Session::~Session() {
  shard_.give_back(std::move(work_));
  if (!admission_) --core_->refusing;
  if (core_->probe && admission_) core_->probe->connection_closed(peer_);
}

void Session::enter(Stage stage, std::chrono::milliseconds allowed) {
  enter(stage, Clock::now() + allowed);
}

void Session::enter(Stage stage, Clock::time_point deadline) {
  stage_ = stage;
  deadline_ = deadline;
  expired_ = false;
}

void Session::expire() {
  if (taken() && !cut_) {
    takeover_->at_due();
    return;
  }
  expired_ = true;
  deadline_ = Clock::time_point::max();
  if (stage_ == Stage::handling) {
    signalled_ = true;
    cancel_handler_.emit(asio::cancellation_type::terminal);
  } else {
    stream_->cancel();
  }
}

void Session::close_if_idle() {
  if (stage_ == Stage::idle || stage_ == Stage::handshake) cut_off();
  if (taken()) takeover_->stop(false);
}

void Session::cut_off() {
  cut_ = true;
  if (taken()) {
    takeover_->stop(true);
    return;
  }
  expire();
}

awaitable<void> Session::run() {
  if (!co_await shake_hands()) co_return;
  for (auto keep = true; keep;) {
    if (!holds_unread()) {
      if (!may_wait()) co_return;
      auto first = co_await stream_->read_when_ready(first_bytes_);
      if (!take_first(first)) co_return;
    }
    auto received = begin_request();
    if (received == Received::part) received = co_await receive_rest();
    if (received == Received::nothing) co_return;

    Response response;
    if (received == Received::request) {
      response = co_await handle();
    } else {
      response = refusal_response();
    }
    keep = received == Received::request && may_keep();
    write_answer(response, keep);
    std::string_view unsent = work_->out;
    if (received == Received::request && response.status == 101) takeover_ = std::move(response.takeover);
    auto sent = send_at_once(unsent);
    if (!sent) sent = co_await send(unsent);
    end_request(response);
    if (!sent) co_return;
    if (takeover_) {
      co_await hand_over();
      co_return;
    }
  }
  co_await linger();
}

// From here on the connection speaks another protocol.
awaitable<void> Session::hand_over() {
  std::string early(work_->unread());
  work_->drop_input();
  shard_.give_back(std::move(work_));
  stage_ = Stage::taken;
  if (core_->stopping) takeover_->stop(cut_);
  co_await takeover_->run(*stream_, std::move(early));
  stage_ = Stage::lingering;
  takeover_.reset();
}

awaitable<bool> Session::shake_hands() {
  enter(Stage::handshake, core_->settings.tls_handshake_deadline);
  for (;;) {
    auto step = stream_->handshake_now();
    if (!step.must_wait()) co_return step.status == StreamStep::Status::progress;
    co_await stream_->wait(step.awaited());
    if (over()) co_return false;
  }
}

// Gives back what only a request needs, and says whether there is another one to wait for.
bool Session::may_wait() {
  shard_.give_back(std::move(work_));
  if (core_->stopping) return false;
  enter(Stage::idle, admission_ ? core_->settings.idle_deadline : core_->settings.header_deadline);
  return true;
}

bool Session::take_first(StreamStep step) {
  if (step.status != StreamStep::Status::progress || over()) return false;
  work_ = shard_.take_workspace(core_->settings);
  std::memcpy(work_->buffer.data(), first_bytes_.data(), step.bytes);
  work_->filled(step.bytes);
  wipe(first_bytes_.data(), step.bytes);
  return true;
}

Session::Received Session::begin_request() {
  began_ = Clock::now();
  enter(Stage::header, began_ + core_->settings.header_deadline);
  refusal_.reset();
  work_->request.id = shard_.ids.next();
  work_->request.peer = peer_;
  work_->parser.begin(work_->request);
  ++requests_;
  return parse_unread();
}

// Parses what is here. A part that is not followed by more needs the connection.
Session::Received Session::parse_unread() {
  for (;;) {
    std::size_t consumed = 0;
    auto progress = work_->parser.feed(work_->unread(), consumed);
    work_->consume(consumed);
    switch (progress) {
      case Progress::done:
        return Received::request;
      case Progress::refused:
        refusal_ = work_->parser.refusal();
        return Received::refusal;
      case Progress::header_done:
        if (!admission_) {
          refuse(503, "too many connections; try again later");
          return Received::refusal;
        }
        if (work_->parser.expects_continue() && work_->unread().empty()) return Received::part;
        break;
      case Progress::needs_more:
        if (consumed == 0 || work_->unread().empty()) return Received::part;
    }
  }
}

awaitable<Session::Received> Session::receive_rest() {
  const auto& settings = core_->settings;
  auto in_body = false;
  for (;;) {
    if (!in_body && work_->parser.header_done()) {
      in_body = true;
      auto invite = work_->parser.expects_continue() && work_->unread().empty();
      if (invite && !co_await send(kContinue)) co_return Received::nothing;
      enter(Stage::body, settings.body_deadline);
    }
    if (work_->room().empty()) {
      refuse(400, "a chunk header or the trailers of the body are too long");
      co_return Received::refusal;
    }
    if (!co_await read_more()) {
      if (cut_ || !expired_) co_return Received::nothing;
      refuse(408, in_body ? "the body did not arrive within " + seconds_text(settings.body_deadline)
                          : "the headers did not arrive within " + seconds_text(settings.header_deadline));
      co_return Received::refusal;
    }
    auto received = parse_unread();
    if (received != Received::part) co_return received;
  }
}

// False at the end of the stream, or when the stage is over.
awaitable<bool> Session::read_more() {
  for (;;) {
    auto step = stream_->read_now(work_->room());
    if (step.status == StreamStep::Status::progress) {
      work_->filled(step.bytes);
      co_return true;
    }
    if (!step.must_wait()) co_return false;
    co_await stream_->wait(step.awaited());
    if (over()) co_return false;
  }
}

awaitable<Response> Session::handle() {
  const auto allowed = core_->settings.handler_deadline;
  enter(Stage::handling, allowed.count() > 0 ? Clock::now() + allowed : Clock::time_point::max());
  signalled_ = false;
  std::string failure;
  try {
    auto answering = listener_.handler(work_->request);
    auto response = co_await std::move(answering);
    enter(Stage::writing, Clock::time_point::max());
    if (signalled_) co_await asio::this_coro::reset_cancellation_state();
    co_return response;
  } catch (const std::exception& error) {
    failure = error.what();
  } catch (...) {
    failure = "an exception of unknown type";
  }
  auto too_long = expired_ && !cut_;
  enter(Stage::writing, Clock::time_point::max());
  if (signalled_) co_await asio::this_coro::reset_cancellation_state();
  if (cut_) co_return error_response(503, "the server is stopping; try again");
  if (too_long) {
    core_->log.warn("request took too long", {{"request", work_->request.id}});
    co_return error_response(504, "the request took too long; try again later");
  }
  core_->log.error("request failed", {{"request", work_->request.id}, {"error", failure}});
  co_return error_response(500, "internal server error");
}

// True when all is sent: the usual case, which needs no deadline. Otherwise leaves the rest.
bool Session::send_at_once(std::string_view& text) {
  while (!text.empty()) {
    auto step = stream_->write_now(text);
    if (step.status != StreamStep::Status::progress) return false;
    text.remove_prefix(step.bytes);
  }
  return true;
}

awaitable<bool> Session::send(std::string_view text) {
  const auto& settings = core_->settings;
  auto extra =
      std::chrono::seconds(text.size() / std::max<std::size_t>(1, settings.least_write_bytes_per_second));
  enter(Stage::writing, settings.write_deadline + extra);
  while (!text.empty()) {
    auto step = stream_->write_now(text);
    if (step.status == StreamStep::Status::progress) {
      text.remove_prefix(step.bytes);
      continue;
    }
    if (!step.must_wait()) co_return false;
    co_await stream_->wait(step.awaited());
    if (over()) co_return false;
  }
  co_return true;
}

// Ends the writing and reads on for a while: closing a socket with unread bytes sends a reset, which can
// overtake the answer (RFC 9112 section 9.6).
awaitable<void> Session::linger() {
  stream_->finish_writing();
  enter(Stage::lingering, core_->settings.linger_deadline);
  while (!over()) {
    work_->drop_input();
    auto step = stream_->read_now(work_->room());
    if (step.status == StreamStep::Status::progress) continue;
    if (!step.must_wait()) co_return;
    co_await stream_->wait(step.awaited());
  }
}

bool Session::may_keep() const {
  return work_->parser.keep_alive() && requests_ < core_->settings.max_requests_per_connection &&
         !core_->stopping && !cut_;
}

void Session::end_request(const Response& response) {
  report(response.status);
  work_->wipe_exchange(response.sensitive);
  work_->wipe_consumed();
}

void Session::refuse(int status, std::string message) {
  refusal_ = Refusal{status, std::move(message)};
}

Response Session::refusal_response() const {
  auto response = error_response(refusal_->status, refusal_->message);
  if (refusal_->status == 503) response.headers.push_back({"Retry-After", "5"});
  return response;
}

void Session::write_answer(Response& response, bool keep) {
  ResponseWriter::Framing framing{work_->request.id, !keep, work_->request.method == "HEAD"};
  try {
    shard_.writer.write(work_->out, response, framing);
    if (response.sensitive) wipe(response.body.data(), response.body.size());
    return;
  } catch (const std::logic_error& error) {
    core_->log.error("request failed", {{"request", work_->request.id}, {"error", error.what()}});
  }
  if (response.sensitive) wipe(response.body.data(), response.body.size());
  response = error_response(500, "internal server error");
  shard_.writer.write(work_->out, response, framing);
}

void Session::report(int status) const {
  if (!core_->probe) return;
  const auto& request = work_->request;
  auto duration = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began_);
  core_->probe->request_finished(
      {request.id, request.method, request.target, status, work_->out.size(), duration, peer_});
}

}  // namespace latchkey::io
