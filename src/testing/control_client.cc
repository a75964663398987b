#include "testing/control_client.h"

#include <arpa/inet.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zstd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstring>
#include <stdexcept>

#include "base/text.h"
#include "control/messages/protocol_key.h"
#include "crypto/random.h"

namespace latchkey::testing {
namespace {

// Some servers send a message ahead of HTTP/2: this mark, which begins no frame, a 32-bit length and JSON
// (tailscale/tailscale: control/controlbase, tailcfg.EarlyNoise).
constexpr std::string_view kEarlyPayload("\xff\xff\xffTS", 5);

constexpr std::size_t kMostMessage = 256UL * 1024 * 1024;

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    throw std::runtime_error("cannot connect to the server under test");
  }
  return socket;
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  auto* n = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data()));
  auto* v = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
  return {n, v, name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

struct ControlSessionCallbacks {
  static ControlSession& of(void* data) { return *static_cast<ControlSession*>(data); }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t,
                    const std::uint8_t* value, std::size_t size, std::uint8_t, void* data) {
    if (std::strcmp(reinterpret_cast<const char*>(name), ":status") == 0) {
      of(data).streams_[frame->hd.stream_id].status =
          std::stoi(std::string(reinterpret_cast<const char*>(value), size));
    }
    return 0;
  }
  static int chunk(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                   std::size_t size, void* data) {
    of(data).streams_[id].body.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }
  static int closed(nghttp2_session*, std::int32_t id, std::uint32_t, void* data) {
    of(data).streams_[id].ended = true;
    return 0;
  }
  static ssize_t body(nghttp2_session*, std::int32_t id, std::uint8_t* into, std::size_t room,
                      std::uint32_t* flags, nghttp2_data_source*, void* data) {
    auto& stream = of(data).streams_[id];
    const auto count = std::min(room, stream.request.size() - stream.sent);
    std::memcpy(into, stream.request.data() + stream.sent, count);
    stream.sent += count;
    if (stream.sent == stream.request.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }
};

ControlSession::ControlSession(std::uint16_t version, const crypto::X25519KeyPair& machine,
                               const crypto::X25519PublicKey& server)
    : initiator_(version, machine, server) {}

ControlSession::~ControlSession() {
  if (session_) nghttp2_session_del(session_);
}

std::string ControlSession::upgrade_request() const {
  return "POST /ts2021 HTTP/1.1\r\nHost: latchkey\r\nContent-Length: 0\r\nConnection: upgrade\r\n"
         "Upgrade: tailscale-control-protocol\r\nX-Tailscale-Handshake: " +
         to_base64(initiator_.initiation()) + "\r\n\r\n";
}

void ControlSession::receive(std::string_view bytes) {
  std::string plain;
  if (!session_) {
    received_ += bytes;
    const auto head = received_.find("\r\n\r\n");
    if (head == std::string::npos) return;
    if (!received_.starts_with("HTTP/1.1 101 ")) throw std::runtime_error(received_);
    if (received_.size() < head + 4 + control::kResponseSize) return;
    const auto response = received_.substr(head + 4, control::kResponseSize);
    auto keys = initiator_.finish(response);
    if (!keys) throw std::runtime_error(keys.error().message);
    start_http2(*std::move(keys));
    const auto rest = received_.substr(head + 4 + control::kResponseSize);
    received_.clear();
    return receive(rest);
  }
  if (bytes.empty()) return;
  if (!opener_->open(bytes, plain)) throw std::runtime_error("a record does not open");
  if (before_http2_ && !skip_early_payload(plain)) return;
  const auto read =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(plain.data()), plain.size());
  if (read < 0) throw std::runtime_error(nghttp2_strerror(static_cast<int>(read)));
}

// False while more must come to tell; afterwards `plain` is what belongs to HTTP/2.
bool ControlSession::skip_early_payload(std::string& plain) {
  ahead_ += plain;
  const auto head = kEarlyPayload.size() + 4;
  if (ahead_.size() < head) return false;
  std::size_t size = 0;
  if (ahead_.starts_with(kEarlyPayload)) {
    for (auto i = kEarlyPayload.size(); i < head; ++i)
      size = size << 8 | static_cast<unsigned char>(ahead_[i]);
    size += head;
    if (ahead_.size() < size) return false;
  }
  plain = ahead_.substr(size);
  ahead_.clear();
  before_http2_ = false;
  return true;
}

void ControlSession::start_http2(control::TransportKeys keys) {
  sealer_.emplace(keys.client_to_server);
  opener_.emplace(keys.server_to_client);
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &ControlSessionCallbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &ControlSessionCallbacks::chunk);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &ControlSessionCallbacks::closed);
  nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 4 << 20}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 1 << 30);
}

std::string ControlSession::take_output() {
  std::string out;
  if (!session_) return out;
  for (;;) {
    const std::uint8_t* bytes = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &bytes);
    if (size <= 0) return out;
    sealer_->seal({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)}, out);
  }
}

std::int32_t ControlSession::begin(std::string_view method, std::string_view path, std::string body) {
  const nghttp2_nv fields[] = {field(":method", method), field(":scheme", "https"),
                               field(":authority", "unused"), field(":path", path)};
  nghttp2_data_provider provider{};
  provider.read_callback = &ControlSessionCallbacks::body;
  const auto id = nghttp2_submit_request(session_, nullptr, fields, std::size(fields),
                                         body.empty() ? nullptr : &provider, nullptr);
  if (id < 0) throw std::runtime_error(nghttp2_strerror(id));
  streams_[id].request = std::move(body);
  return id;
}

void ControlSession::cancel(std::int32_t id) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
}

std::optional<std::string> ControlSession::take_packed(std::int32_t id) {
  auto& body = streams_[id].body;
  if (body.size() < 4) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    length |= static_cast<std::size_t>(static_cast<unsigned char>(body[i])) << (8 * i);
  }
  if (body.size() < 4 + length) return std::nullopt;
  auto message = body.substr(4, length);
  body.erase(0, 4 + length);
  if (body.empty()) body = {};
  return message;
}

std::optional<std::string> ControlSession::take_message(std::int32_t id) {
  const auto packed = take_packed(id);
  if (!packed) return std::nullopt;
  return decompressed(*packed);
}

std::string ControlSession::decompressed(std::string_view frames) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  std::string text;
  ZSTD_inBuffer in{frames.data(), frames.size(), 0};
  std::size_t more = 0;
  while (in.pos < in.size || more != 0) {
    if (text.size() > kMostMessage) throw std::runtime_error("a map message is too large");
    const auto begin = text.size();
    text.resize(begin + ZSTD_DStreamOutSize());
    ZSTD_outBuffer out{text.data() + begin, text.size() - begin, 0};
    const auto fed = in.pos;
    more = ZSTD_decompressStream(context.get(), &out, &in);
    text.resize(begin + out.pos);
    if (ZSTD_isError(more) || (out.pos == 0 && in.pos == fed)) {
      throw std::runtime_error("a map message does not decompress");
    }
  }
  return text;
}

boost::json::object ControlClient::Answer::json() const {
  return boost::json::parse(body).as_object();
}

ControlClient::ControlClient(std::uint16_t port, std::uint16_t version, crypto::X25519KeyPair machine)
    : machine_(std::move(machine)) {
  session_ = std::make_unique<ControlSession>(version, machine_, server_key(port));
  socket_ = connect_to(port);
  const auto request = session_->upgrade_request();
  if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    throw std::runtime_error("the server hung up");
  }
  while (!session_->is_ready()) {
    if (!receive(std::chrono::seconds(20))) throw std::runtime_error("the server hung up");
  }
  send();
}

ControlClient::~ControlClient() {
  if (socket_ >= 0) ::close(socket_);
}

std::string ControlClient::machine_key() const {
  return control::key_text(control::kMachineKey, machine_.public_key);
}

crypto::X25519PublicKey ControlClient::server_key(std::uint16_t port) {
  const int socket = connect_to(port);
  constexpr std::string_view kAsk = "GET /key?v=140 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  std::string answer;
  if (::send(socket, kAsk.data(), kAsk.size(), MSG_NOSIGNAL) > 0) {
    char buffer[4096];
    for (ssize_t count = 0; (count = ::recv(socket, buffer, sizeof buffer, 0)) > 0;) {
      answer.append(buffer, static_cast<std::size_t>(count));
    }
  }
  ::close(socket);
  const auto body = answer.find("\r\n\r\n");
  if (body == std::string::npos) throw std::runtime_error("no answer to /key");
  const auto json = boost::json::parse(answer.substr(body + 4));
  const auto digits = std::string(json.at("publicKey").as_string()).substr(control::kMachineKey.size());
  const auto raw = from_hex(digits);
  crypto::X25519PublicKey key;
  if (!raw || raw->size() != key.size()) throw std::runtime_error("no key in the answer to /key");
  std::copy(raw->begin(), raw->end(), key.begin());
  return key;
}

void ControlClient::send() {
  const auto out = session_->take_output();
  std::string_view rest = out;
  while (!rest.empty()) {
    const auto count = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count <= 0) throw std::runtime_error("the server hung up");
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

// False when nothing came in time.
bool ControlClient::receive(std::chrono::milliseconds patience) {
  pollfd watched{socket_, POLLIN, 0};
  if (::poll(&watched, 1, static_cast<int>(patience.count())) <= 0) return false;
  char buffer[16384];
  const auto count = ::recv(socket_, buffer, sizeof buffer, 0);
  if (count <= 0) throw std::runtime_error("the server hung up");
  session_->receive({buffer, static_cast<std::size_t>(count)});
  send();
  return true;
}

std::int32_t ControlClient::begin(std::string_view method, std::string_view path, std::string body) {
  const auto id = session_->begin(method, path, std::move(body));
  send();
  return id;
}

ControlClient::Answer ControlClient::ask(std::string_view method, std::string_view path, std::string body) {
  const auto id = begin(method, path, std::move(body));
  while (!session_->stream(id).ended) {
    if (!receive(std::chrono::seconds(30))) throw std::runtime_error("no answer to " + std::string(path));
  }
  return {session_->stream(id).status, session_->stream(id).body};
}

std::optional<std::string> ControlClient::next_message(std::int32_t stream,
                                                       std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    if (auto message = session_->take_message(stream)) return message;
    if (session_->stream(stream).ended) return std::nullopt;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !receive(left)) throw std::runtime_error("no map message in time");
  }
}

boost::json::object ControlClient::next_with(std::int32_t stream, std::string_view member) {
  for (;;) {
    const auto message = next_message(stream);
    if (!message) throw std::runtime_error("the stream ended before a message with " + std::string(member));
    auto json = boost::json::parse(*message).as_object();
    if (json.contains({member.data(), member.size()})) return json;
  }
}

bool ControlClient::ended(std::int32_t stream) {
  while (!session_->stream(stream).ended && receive(std::chrono::milliseconds(0))) {
  }
  return session_->stream(stream).ended;
}

void ControlClient::cancel(std::int32_t stream) {
  session_->cancel(stream);
  send();
}

std::string DeviceKeys::random_key(std::string_view prefix) {
  return std::string(prefix) + crypto::random_hex(32);
}

std::string register_body(const DeviceKeys& keys, std::string_view auth_key, std::string_view hostname) {
  boost::json::object body;
  body["Version"] = 140;
  body["NodeKey"] = keys.node;
  body["OldNodeKey"] = "nodekey:" + std::string(64, '0');
  body["NLKey"] = "nlpub:" + std::string(64, '7');
  if (!auth_key.empty()) body["Auth"] = boost::json::object{{"AuthKey", auth_key}};
  body["Expiry"] = "0001-01-01T00:00:00Z";
  body["Followup"] = "";
  body["Hostinfo"] = boost::json::object{{"Hostname", hostname}, {"OS", "linux"}, {"IPNVersion", "1.98.10"}};
  return boost::json::serialize(body);
}

std::string map_body(const DeviceKeys& keys, bool stream, bool omit_peers, std::string_view hostname) {
  boost::json::object body;
  body["Version"] = 140;
  body["Compress"] = "zstd";
  body["KeepAlive"] = true;
  body["NodeKey"] = keys.node;
  body["DiscoKey"] = keys.disco;
  if (stream) body["Stream"] = true;
  if (omit_peers) body["OmitPeers"] = true;
  body["Hostinfo"] = boost::json::object{
      {"Hostname", hostname}, {"OS", "linux"}, {"NetInfo", boost::json::object{{"PreferredDERP", 900}}}};
  body["Endpoints"] = boost::json::array{"192.0.2.7:41641"};
  body["EndpointTypes"] = boost::json::array{1};
  return boost::json::serialize(body);
}

}  // namespace latchkey::testing
