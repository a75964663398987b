#include "io/websocket.h"

#include <wslay/wslay.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "base/release.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "io/takeover.h"

namespace latchkey::io {
namespace {

constexpr std::string_view kAcceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3
constexpr std::size_t kMostMessage = 16 * 1024;
constexpr std::size_t kMostUnsent = 128 * 1024;
constexpr std::uint16_t kGoingAway = 1001;

Response refusal(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = text;
  return response;
}

bool offers(const Request& request, std::string_view subprotocol) {
  for (const auto& header : request.headers) {
    if (!equals_ignore_case(header.name, "Sec-WebSocket-Protocol")) continue;
    for (const auto& offered : split(header.value, ',')) {
      if (trim(offered) == subprotocol) return true;
    }
  }
  return false;
}

class WebSocketStream final : public ByteStream {
 public:
  WebSocketStream(ByteStream& next, std::string early) : next_(next), received_(std::move(early)) {
    wslay_event_callbacks callbacks{};
    callbacks.recv_callback = &take_received;
    callbacks.send_callback = &put_unsent;
    callbacks.on_frame_recv_start_callback = &begin_frame;
    callbacks.on_frame_recv_chunk_callback = &put_plain;
    if (wslay_event_context_server_init(&frames_, &callbacks, this) != 0) throw std::bad_alloc();
    // Chunks are handed on as they come, and no message is gathered.
    wslay_event_config_set_no_buffering(frames_, 1);
  }
  ~WebSocketStream() override { wslay_event_context_free(frames_); }
  WebSocketStream(const WebSocketStream&) = delete;

  StreamStep read_now(std::span<char> into) override {
    if (into.empty()) return {StreamStep::Status::progress};
    while (plain_.empty()) {
      if (!received_.empty() && !take_frames()) return {StreamStep::Status::closed};
      if (!plain_.empty()) break;
      if (wslay_event_get_close_received(frames_) != 0) return {StreamStep::Status::closed};
      thread_local std::array<char, kMostMessage> buffer;
      const auto step = next_.read_now(buffer);
      if (step.status != StreamStep::Status::progress) return step;
      received_.assign(buffer.data(), step.bytes);
    }
    const auto count = std::min(into.size(), plain_.size());
    std::memcpy(into.data(), plain_.data(), count);
    plain_.erase(0, count);
    if (plain_.empty()) release(plain_);
    return {StreamStep::Status::progress, count};
  }

  StreamStep write_now(std::string_view bytes) override {
    if (underway_ == 0) {
      underway_ = std::min(bytes.size(), kMostMessage);
      if (!queue(WSLAY_BINARY_FRAME, bytes.substr(0, underway_))) return {StreamStep::Status::closed};
    }
    const auto sent = send_unsent();
    if (sent.status != StreamStep::Status::progress) return sent;
    return {StreamStep::Status::progress, std::exchange(underway_, 0)};
  }

  StreamStep handshake_now() override { return {StreamStep::Status::progress}; }

  awaitable<StreamStep> read_when_ready(std::span<char> into) override {
    for (;;) {
      const auto step = read_now(into);
      if (!step.must_wait()) co_return step;
      if (!co_await next_.wait(step.awaited())) co_return StreamStep{StreamStep::Status::closed};
    }
  }

  awaitable<bool> wait(Readiness readiness) override {
    const bool ready = readiness == Readiness::readable && !(plain_.empty() && received_.empty());
    if (ready) co_return true;
    co_return co_await next_.wait(readiness);
  }

  void cancel() override { next_.cancel(); }

  void finish_writing() override {
    wslay_event_queue_close(frames_, kGoingAway, nullptr, 0);
    wslay_event_send(frames_);
    send_unsent();
    next_.finish_writing();
  }

 private:
  static WebSocketStream& of(void* self) { return *static_cast<WebSocketStream*>(self); }

  static ssize_t take_received(wslay_event_context_ptr frames, std::uint8_t* into, std::size_t room, int,
                               void* self) {
    auto& received = of(self).received_;
    if (received.empty()) {
      wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
      return -1;
    }
    const auto count = std::min(room, received.size() - of(self).taken_);
    std::memcpy(into, received.data() + of(self).taken_, count);
    of(self).taken_ += count;
    if (of(self).taken_ == received.size()) {
      release(received);
      of(self).taken_ = 0;
    }
    return static_cast<ssize_t>(count);
  }

  static ssize_t put_unsent(wslay_event_context_ptr, const std::uint8_t* bytes, std::size_t size, int,
                            void* self) {
    of(self).unsent_.append(reinterpret_cast<const char*>(bytes), size);
    return static_cast<ssize_t>(size);
  }

  static void begin_frame(wslay_event_context_ptr, const wslay_event_on_frame_recv_start_arg* frame,
                          void* self) {
    of(self).carries_bytes_ =
        frame->opcode == WSLAY_BINARY_FRAME || frame->opcode == WSLAY_CONTINUATION_FRAME;
    if (frame->opcode == WSLAY_TEXT_FRAME) of(self).broken_ = true;
  }

  static void put_plain(wslay_event_context_ptr, const wslay_event_on_frame_recv_chunk_arg* chunk,
                        void* self) {
    if (!of(self).carries_bytes_) return;
    of(self).plain_.append(reinterpret_cast<const char*>(chunk->data), chunk->data_length);
  }

  // False when the peer breaks the rules or says goodbye; it is told so as far as the socket takes it.
  bool take_frames() {
    const bool fine = wslay_event_recv(frames_) == 0 && wslay_event_get_read_enabled(frames_) != 0;
    wslay_event_send(frames_);  // answers to pings and closes
    send_unsent();
    // Who asks and asks and takes no answer must go.
    if (broken_ || unsent_.size() > kMostUnsent) return false;
    return fine || !plain_.empty();
  }

  bool queue(std::uint8_t opcode, std::string_view bytes) {
    const wslay_event_msg message{opcode, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
    return wslay_event_queue_msg(frames_, &message) == 0 && wslay_event_send(frames_) == 0;
  }

  StreamStep send_unsent() {
    while (!unsent_.empty()) {
      const auto step = next_.write_now(unsent_);
      if (step.status != StreamStep::Status::progress) return step;
      unsent_.erase(0, step.bytes);
    }
    release(unsent_);
    return {StreamStep::Status::progress};
  }

  ByteStream& next_;
  wslay_event_context_ptr frames_ = nullptr;
  std::string received_;  // from the socket, not decoded yet
  std::size_t taken_ = 0;
  std::string plain_;         // decoded, not handed on yet
  std::string unsent_;        // encoded, not taken by the socket yet
  std::size_t underway_ = 0;  // of what is being written
  bool carries_bytes_ = false;
  bool broken_ = false;
};

// The protocol inside sees a stream like any other.
class OverWebSocket final : public Takeover {
 public:
  OverWebSocket(std::shared_ptr<Takeover> inner, std::string first)
      : inner_(std::move(inner)), first_(std::move(first)) {}

  awaitable<void> run(ByteStream& stream, std::string early) override {
    const auto websocket = make_websocket_stream(stream, std::move(early));
    std::string_view rest = first_;
    while (!rest.empty()) {
      const auto step = websocket->write_now(rest);
      if (step.status == StreamStep::Status::closed) co_return;
      if (step.must_wait()) {
        if (!co_await stream.wait(step.awaited())) co_return;
      }
      rest.remove_prefix(step.bytes);
    }
    release(first_);
    co_await inner_->run(*websocket, {});
    websocket->finish_writing();
  }

  Clock::time_point due() const override { return inner_->due(); }
  void at_due() override { inner_->at_due(); }
  void stop(bool at_once) override { inner_->stop(at_once); }

 private:
  std::shared_ptr<Takeover> inner_;
  std::string first_;
};

}  // namespace

bool asks_for_websocket(const Request& request) {
  const auto upgrade = request.header("Upgrade");
  return upgrade && equals_ignore_case(trim(*upgrade), "websocket");
}

Response over_websocket(const Request& request, std::string_view subprotocol, Response inner) {
  if (inner.status != 101 || !inner.takeover) return inner;
  if (!asks_for_websocket(request)) return refusal(400, "Upgrade must be websocket");
  if (request.header("Sec-WebSocket-Version") != "13") {
    auto response = refusal(426, "Sec-WebSocket-Version must be 13");
    response.headers.push_back({"Sec-WebSocket-Version", "13"});
    return response;
  }
  const auto key = request.header("Sec-WebSocket-Key");
  const auto nonce = key ? from_base64(trim(*key)) : std::nullopt;
  if (!nonce || nonce->size() != 16) return refusal(400, "Sec-WebSocket-Key must be 16 bytes in base64");
  if (!offers(request, subprotocol)) {
    return refusal(400, "Sec-WebSocket-Protocol must offer " + std::string(subprotocol));
  }
  const auto accept = crypto::sha1(std::string(trim(*key)) + std::string(kAcceptSuffix));
  inner.headers = {
      {"Upgrade", "websocket"},
      {"Sec-WebSocket-Accept", to_base64({reinterpret_cast<const char*>(accept.data()), accept.size()})},
      {"Sec-WebSocket-Protocol", std::string(subprotocol)}};
  inner.takeover = std::make_shared<OverWebSocket>(std::move(inner.takeover), std::exchange(inner.body, {}));
  return inner;
}

std::unique_ptr<ByteStream> make_websocket_stream(ByteStream& next, std::string early) {
  return std::make_unique<WebSocketStream>(next, std::move(early));
}

}  // namespace latchkey::io
