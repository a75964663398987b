// For the tests of this folder: the client's side of HTTP/2 in memory, and frames made by hand for what no
// client library would send.
#pragma once

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/http2_session.h"

namespace latchkey::io {

// What a client sends first, and its header block for "GET / HTTP/2" of the host x, all from HPACK's static
// table.
inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
inline constexpr std::string_view kGetRoot = "\x82\x87\x84\x41\x01x";

inline std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                         std::string_view payload = {}) {
  const auto size = payload.size();
  std::string out;
  for (const auto byte :
       {size >> 16, size >> 8, size, std::size_t{type}, std::size_t{flags}, std::size_t{stream} >> 24,
        std::size_t{stream} >> 16, std::size_t{stream} >> 8, std::size_t{stream}}) {
    out += static_cast<char>(byte);
  }
  return out.append(payload);
}

inline std::string greeting() {
  return std::string(kPreface) + frame(NGHTTP2_SETTINGS, 0, 0);
}

inline std::string get_frame(std::uint32_t stream) {
  return frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, stream, kGetRoot);
}

inline std::string reset_frame(std::uint32_t stream) {
  return frame(NGHTTP2_RST_STREAM, 0, stream, {"\0\0\0\x8", 4});
}

inline std::string all_output(Http2Session& session) {
  std::string out;
  while (session.send(out)) {
  }
  return out;
}

// The error code of the first GOAWAY among the frames; nothing when there is none.
inline std::optional<int> goaway_in(std::string_view frames) {
  while (frames.size() >= 9) {
    const auto byte = [&](std::size_t at) { return std::size_t{static_cast<unsigned char>(frames[at])}; };
    const auto size = byte(0) << 16 | byte(1) << 8 | byte(2);
    if (byte(3) == NGHTTP2_GOAWAY && size >= 8 && frames.size() >= 17) return static_cast<int>(byte(16));
    frames.remove_prefix(std::min(frames.size(), 9 + size));
  }
  return std::nullopt;
}

class Http2Client {
 public:
  struct Answer {
    int status = 0;
    std::map<std::string, std::string> headers;
    std::string body;
    bool ended = false;
    std::uint32_t error = 0;  // with which it ended
  };
  using Headers = std::vector<Header>;

  // Without reading, windows stay shut after 64 KiB until consume().
  explicit Http2Client(bool reading = true) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, &Http2Client::header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Http2Client::chunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Http2Client::closed);
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, reading ? 0 : 1);
    nghttp2_session_client_new2(&session_, callbacks, this, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Http2Client() { nghttp2_session_del(session_); }
  Http2Client(const Http2Client&) = delete;

  std::int32_t ask(std::string_view method, std::string_view path, std::string body = {},
                   const Headers& headers = {}) {
    std::vector<nghttp2_nv> fields{field(":method", method), field(":scheme", "https"),
                                   field(":authority", "x"), field(":path", path)};
    for (const auto& header : headers) fields.push_back(field(header.name, header.value));
    nghttp2_data_provider provider{};
    provider.read_callback = &Http2Client::body;
    const auto id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                           body.empty() ? nullptr : &provider, nullptr);
    bodies_[id] = std::move(body);
    return id;
  }
  void cancel(std::int32_t id) { nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL); }
  void consume(std::int32_t id, std::size_t bytes) { nghttp2_session_consume(session_, id, bytes); }

  std::string output() {
    std::string out;
    const std::uint8_t* bytes = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &bytes)) > 0;) {
      out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
    return out;
  }
  void receive(std::string_view bytes) {
    const auto read =
        nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    EXPECT_EQ(read, static_cast<ssize_t>(bytes.size()));
  }
  // Until neither side has anything to say.
  void exchange(Http2Session& server) {
    for (;;) {
      const auto there = output();
      if (!there.empty()) ASSERT_TRUE(server.receive(there));
      const auto back = all_output(server);
      receive(back);
      if (there.empty() && back.empty()) return;
    }
  }
  Answer& answer(std::int32_t id) { return answers_[id]; }

 private:
  static Http2Client& of(void* data) { return *static_cast<Http2Client*>(data); }
  static nghttp2_nv field(std::string_view name, std::string_view value) {
    auto* n = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data()));
    auto* v = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
    return {n, v, name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
  }
  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t,
                    const std::uint8_t* value, std::size_t size, std::uint8_t, void* data) {
    auto& answer = of(data).answers_[frame->hd.stream_id];
    const std::string key(reinterpret_cast<const char*>(name));
    const std::string text(reinterpret_cast<const char*>(value), size);
    if (key == ":status") answer.status = std::stoi(text);
    answer.headers[key] = text;
    return 0;
  }
  static int chunk(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                   std::size_t size, void* data) {
    of(data).answers_[id].body.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }
  static int closed(nghttp2_session*, std::int32_t id, std::uint32_t error, void* data) {
    of(data).answers_[id].ended = true;
    of(data).answers_[id].error = error;
    return 0;
  }
  static ssize_t body(nghttp2_session*, std::int32_t id, std::uint8_t* into, std::size_t room,
                      std::uint32_t* flags, nghttp2_data_source*, void* data) {
    auto& rest = of(data).bodies_[id];
    const auto count = std::min(room, rest.size());
    std::memcpy(into, rest.data(), count);
    rest.erase(0, count);
    if (rest.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }

  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Answer> answers_;
  std::map<std::int32_t, std::string> bodies_;
};

inline Response text_response(std::string body, int status = 200) {
  Response response;
  response.status = status;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

}  // namespace latchkey::io
