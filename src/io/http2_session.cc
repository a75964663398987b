#include "io/http2_session.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "base/release.h"
#include "base/text.h"

namespace latchkey::io {
namespace {

constexpr std::size_t kSendAtOnce = 64 * 1024;

void require(int result, const char* what) {
  if (result < 0) throw std::runtime_error(std::string(what) + ": " + nghttp2_strerror(result));
}

nghttp2_nv header_of(std::string_view name, std::string_view value) {
  auto* n = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data()));
  auto* v = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
  return {n, v, name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

// What nghttp2 calls. None of them calls nghttp2 back but for submitting frames, which only queues.
struct Http2Callbacks {
  static Http2Session& session_of(void* data) { return *static_cast<Http2Session*>(data); }

  static std::shared_ptr<Http2Stream> stream_of(void* data, std::int32_t id) {
    auto& streams = session_of(data).streams_;
    const auto found = streams.find(id);
    return found == streams.end() ? nullptr : found->second;
  }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    auto& session = session_of(data);
    auto stream = std::make_shared<Http2Stream>();
    stream->session_ = &session;
    stream->id_ = frame->hd.stream_id;
    session.streams_.emplace(stream->id_, std::move(stream));
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                    void* data) {
    const auto stream = stream_of(data, frame->hd.stream_id);
    if (!stream || stream->refused_) return 0;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;  // trailers are ignored
    const auto& limits = session_of(data).limits_;
    auto& request = stream->request_;
    stream->header_bytes_ += name_size + value_size;
    if (stream->header_bytes_ > limits.max_header_bytes ||
        request.headers.size() >= limits.max_header_count) {
      stream->refuse(431, fmt::format("the headers are larger than {} bytes or more than {}",
                                      limits.max_header_bytes, limits.max_header_count));
      return 0;
    }
    const auto key = text_of(name, name_size);
    std::string text(text_of(value, value_size));
    if (key == ":method") {
      request.method = std::move(text);
    } else if (key == ":path") {
      request.target = std::move(text);
    } else if (key == ":authority") {
      request.headers.push_back({"host", std::move(text)});
    } else if (!key.starts_with(':')) {
      request.headers.push_back({std::string(key), std::move(text)});
    }
    return 0;
  }

  static int data_chunk(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                        std::size_t size, void* data) {
    const auto stream = stream_of(data, id);
    if (!stream || stream->refused_) return 0;
    auto& session = session_of(data);
    const auto& limits = session.limits_;
    if (stream->body_bytes_ + size > limits.max_body_bytes) {
      stream->refuse(413, fmt::format("the body is larger than {} bytes", limits.max_body_bytes));
    } else if (session.bodies_bytes_ + size > limits.max_bodies_bytes) {
      stream->refuse(503, "too much at once on this connection; try again");
    } else {
      stream->body_bytes_ += size;
      session.bodies_bytes_ += size;
      stream->request_.body.append(text_of(bytes, size));
    }
    return 0;
  }

  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    auto& session = session_of(data);
    if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK)) session.awaits_pong_ = false;
    const bool carries_request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!carries_request || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
    const auto stream = stream_of(data, frame->hd.stream_id);
    if (!stream || stream->refused_) return 0;
    if (session.unsent() > session.limits_.max_unsent_bytes) {
      stream->refuse(503, "earlier answers are not read; try again");
    } else {
      session.requests_.push_back(stream);
    }
    return 0;
  }

  // What is left of a request that was refused before its end is not waited for (RFC 9113 section 8.1).
  static int frame_sent(nghttp2_session* nghttp2, const nghttp2_frame* frame, void* data) {
    const bool carries_answer = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!carries_answer || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
    const auto id = frame->hd.stream_id;
    const auto stream = stream_of(data, id);
    if (!stream || !stream->refused_ || nghttp2_session_get_stream_remote_close(nghttp2, id) != 0) return 0;
    return nghttp2_submit_rst_stream(nghttp2, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
  }

  static int stream_closed(nghttp2_session* nghttp2, std::int32_t id, std::uint32_t error, void* data) {
    auto& session = session_of(data);
    const auto found = session.streams_.find(id);
    if (found == session.streams_.end()) return 0;
    const auto stream = std::move(found->second);
    session.streams_.erase(found);
    session.bodies_bytes_ -= stream->body_bytes_;
    if (error == NGHTTP2_NO_ERROR) {
      ++session.answered_;
    } else if (++session.cancelled_ > session.limits_.max_cancelled + session.answered_ && !session.abused_) {
      session.abused_ = true;
      nghttp2_session_terminate_session(nghttp2, NGHTTP2_ENHANCE_YOUR_CALM);
    }
    stream->close();
    return 0;
  }

  static ssize_t read_body(nghttp2_session*, std::int32_t id, std::uint8_t* into, std::size_t room,
                           std::uint32_t* flags, nghttp2_data_source*, void* data) {
    const auto stream = stream_of(data, id);
    if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return stream->read_piece(into, room, flags);
  }
};

void Http2Stream::respond(const Response& response) {
  if (!is_open() || begun_) return;
  const bool empty = response.status == 204 || response.status == 304;
  if (!empty && !response.body.empty() && request_.method != "HEAD") {
    pieces_.push_back(std::make_shared<const std::string>(response.body));
    unsent_ = response.body.size();
  }
  finished_ = true;
  auto headers = response.headers;
  if (response.sensitive) headers.push_back({"cache-control", "no-store"});
  submit(response.status, response.content_type, headers,
         empty ? std::nullopt : std::optional(response.body.size()));
}

void Http2Stream::refuse(int status, std::string_view reason) {
  refused_ = true;
  release(request_);
  Response response;
  response.status = status;
  response.content_type = "text/plain";
  response.body = reason;
  respond(response);
}

void Http2Stream::begin(int status, std::string_view content_type) {
  if (is_open() && !begun_) submit(status, content_type, {}, std::nullopt);
}

void Http2Stream::push(Bytes piece) {
  push(std::vector<Bytes>{std::move(piece)});
}

void Http2Stream::push(const std::vector<Bytes>& pieces) {
  if (!is_open() || !begun_ || finished_) return;
  const auto waiting = unsent_;
  for (const auto& piece : pieces) {
    if (piece->empty()) continue;
    unsent_ += piece->size();
    pieces_.push_back(piece);
  }
  if (unsent_ == waiting) return;
  if (deferred_) {
    deferred_ = false;
    require(nghttp2_session_resume_data(session_->session_, id_), "resume a stream");
  }
  if (session_->on_output_ && !session_->receiving_) session_->on_output_();
}

void Http2Stream::finish() {
  if (!is_open() || !begun_ || finished_) return;
  finished_ = true;
  if (deferred_) {
    deferred_ = false;
    require(nghttp2_session_resume_data(session_->session_, id_), "resume a stream");
  }
  if (session_->on_output_ && !session_->receiving_) session_->on_output_();
}

void Http2Stream::submit(int status, std::string_view content_type, const std::vector<Header>& headers,
                         std::optional<std::size_t> length) {
  begun_ = true;
  const std::string status_text = std::to_string(status);
  const std::string length_text = length ? std::to_string(*length) : std::string();
  std::vector<std::string> names;
  names.reserve(headers.size());
  std::vector<nghttp2_nv> fields{header_of(":status", status_text)};
  if (!content_type.empty()) fields.push_back(header_of("content-type", content_type));
  if (length) fields.push_back(header_of("content-length", length_text));
  for (const auto& header : headers) {
    names.push_back(to_lower(header.name));
    fields.push_back(header_of(names.back(), header.value));
  }
  nghttp2_data_provider provider{};
  provider.read_callback = &Http2Callbacks::read_body;
  const bool has_body = !finished_ || !pieces_.empty();
  require(nghttp2_submit_response(session_->session_, id_, fields.data(), fields.size(),
                                  has_body ? &provider : nullptr),
          "submit a response");
  if (session_->on_output_ && !session_->receiving_) session_->on_output_();
}

long Http2Stream::read_piece(std::uint8_t* into, std::size_t room, std::uint32_t* flags) {
  std::size_t written = 0;
  while (written < room && piece_ < pieces_.size()) {
    const std::string& piece = *pieces_[piece_];
    const auto count = std::min(room - written, piece.size() - offset_);
    std::memcpy(into + written, piece.data() + offset_, count);
    written += count;
    offset_ += count;
    if (offset_ == piece.size()) {
      pieces_[piece_++].reset();
      offset_ = 0;
    }
  }
  if (piece_ == pieces_.size()) {
    pieces_.clear();
    piece_ = 0;
  }
  unsent_ -= written;
  if (pieces_.empty() && finished_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  } else if (written == 0) {
    deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  return static_cast<long>(written);
}

void Http2Stream::close() {
  session_ = nullptr;
  pieces_.clear();
  unsent_ = 0;
  if (const auto hook = std::exchange(on_close_, nullptr)) hook();
}

Http2Session::Http2Session(const Http2Limits& limits) : limits_(limits) {
  nghttp2_session_callbacks* callbacks = nullptr;
  require(nghttp2_session_callbacks_new(&callbacks), "HTTP/2 callbacks");
  const std::unique_ptr<nghttp2_session_callbacks, decltype(&nghttp2_session_callbacks_del)> held(
      callbacks, &nghttp2_session_callbacks_del);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, &Http2Callbacks::begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Http2Callbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Http2Callbacks::data_chunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Http2Callbacks::frame_received);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, &Http2Callbacks::frame_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Http2Callbacks::stream_closed);

  nghttp2_option* option = nullptr;
  require(nghttp2_option_new(&option), "HTTP/2 options");
  const std::unique_ptr<nghttp2_option, decltype(&nghttp2_option_del)> held_option(option,
                                                                                   &nghttp2_option_del);
  nghttp2_option_set_max_settings(option, 32);
  nghttp2_option_set_max_outbound_ack(option, 1000);
  // Answers have few and short headers: a table would cost each idle connection 4 KiB.
  nghttp2_option_set_max_deflate_dynamic_table_size(option, 0);
  require(nghttp2_session_server_new2(&session_, callbacks, this, option), "HTTP/2 session");

  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.max_concurrent_streams},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.max_header_bytes)}};
  require(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings)), "settings");
}

Http2Session::~Http2Session() {
  on_output_ = nullptr;
  for (auto& [id, stream] : std::exchange(streams_, {})) stream->close();
  nghttp2_session_del(session_);
}

Result<void> Http2Session::receive(std::string_view bytes) {
  if (broken_) return malformed("the connection has failed");
  receiving_ = true;
  const auto read =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  receiving_ = false;
  if (read >= 0 && !abused_) return {};
  broken_ = true;
  if (abused_) return malformed("too many requests were cancelled");
  return malformed(nghttp2_strerror(static_cast<int>(read)));
}

std::vector<std::shared_ptr<Http2Stream>> Http2Session::take_requests() {
  auto requests = std::exchange(requests_, {});
  std::erase_if(requests, [](const auto& stream) { return !stream->is_open(); });
  return requests;
}

bool Http2Session::send(std::string& out) {
  const auto before = out.size();
  while (out.size() - before < kSendAtOnce) {
    const std::uint8_t* bytes = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &bytes);
    if (size < 0) {
      broken_ = true;
      break;
    }
    if (size == 0) break;
    out.append(text_of(bytes, static_cast<std::size_t>(size)));
  }
  return out.size() > before;
}

std::size_t Http2Session::unsent() const {
  std::size_t bytes = 0;
  for (const auto& [id, stream] : streams_) bytes += stream->unsent();
  return bytes;
}

void Http2Session::shut_down() {
  if (broken_) return;
  const auto last = nghttp2_session_get_last_proc_stream_id(session_);
  require(nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0), "GOAWAY");
  if (on_output_ && !receiving_) on_output_();
}

void Http2Session::ping() {
  awaits_pong_ = true;
  require(nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr), "ping");
}

bool Http2Session::is_over() const {
  return broken_ || (!nghttp2_session_want_read(session_) && !nghttp2_session_want_write(session_));
}

}  // namespace latchkey::io
