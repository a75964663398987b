#include "relay/derp_messages.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>

namespace latchkey::relay {
namespace {

// "DERP" and a key in UTF-8: on the wire.
constexpr std::string_view kMagic = "DERP\xf0\x9f\x94\x91";
constexpr std::size_t kKeyBytes = NodeKey{}.size();
constexpr std::size_t kNonceBytes = crypto::BoxNonce{}.size();

template <class Bytes>
Bytes bytes_at(std::string_view text, std::size_t at) {
  Bytes out;
  std::memcpy(out.data(), text.data() + at, out.size());
  return out;
}

template <class Bytes>
std::string_view as_text(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string big_endian(std::chrono::milliseconds duration) {
  const auto number = static_cast<std::uint32_t>(std::clamp<std::int64_t>(duration.count(), 0, UINT32_MAX));
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift & 0xff));
  return out;
}

std::optional<std::int64_t> version_in(std::string_view text) {
  boost::system::error_code failed;
  const auto parsed = boost::json::parse(text, failed, {}, {.max_depth = 8});
  if (failed || !parsed.is_object()) return std::nullopt;
  const auto* version = parsed.get_object().if_contains("version");
  if (!version || !version->is_int64()) return std::nullopt;
  return version->get_int64();
}

}  // namespace

Result<ClientInfo> open_client_info(std::string_view payload, const crypto::BoxKeyPair& server) {
  if (payload.size() < kKeyBytes + kNonceBytes + crypto::kBoxOverhead) {
    return malformed("the client's first frame is too short");
  }
  ClientInfo info{.key = bytes_at<NodeKey>(payload, 0)};
  const auto nonce = bytes_at<crypto::BoxNonce>(payload, kKeyBytes);
  const auto clear = crypto::box_open(payload.substr(kKeyBytes + kNonceBytes), nonce, info.key, server);
  if (!clear) return unauthenticated("the client does not hold the key it names");
  const auto version = version_in(*clear);
  if (!version) return malformed("the client's information is not readable");
  if (*version < kDerpVersion) return malformed("the client speaks an older version of the protocol");
  info.version = *version;
  return info;
}

std::optional<Packet> parse_packet(std::string_view payload) {
  if (payload.size() < kKeyBytes || payload.size() > kMostFrameBytes) return std::nullopt;
  return Packet{bytes_at<NodeKey>(payload, 0), payload.substr(kKeyBytes)};
}

std::optional<PingData> parse_ping(std::string_view payload) {
  if (payload.size() < PingData{}.size()) return std::nullopt;
  return bytes_at<PingData>(payload, 0);
}

std::optional<bool> parse_note_preferred(std::string_view payload) {
  if (payload.empty() || (payload[0] != 0 && payload[0] != 1)) return std::nullopt;
  return payload[0] == 1;
}

void append_server_key(std::string& out, const NodeKey& server) {
  append_frame_header(out, FrameType::server_key, kMagic.size() + kKeyBytes);
  out.append(kMagic).append(as_text(server));
}

void append_server_info(std::string& out, const NodeKey& client, const crypto::BoxKeyPair& server,
                        const crypto::BoxNonce& nonce) {
  const auto box = crypto::box_seal(R"({"version":2})", nonce, client, server);
  append_frame_header(out, FrameType::server_info, nonce.size() + box.size());
  out.append(as_text(nonce)).append(box);
}

void append_recv_packet(std::string& out, const NodeKey& source, std::string_view packet) {
  append_frame_header(out, FrameType::recv_packet, kKeyBytes + packet.size());
  out.append(as_text(source)).append(packet);
}

void append_peer_gone(std::string& out, const NodeKey& peer, PeerGoneReason reason) {
  append_frame_header(out, FrameType::peer_gone, kKeyBytes + 1);
  out.append(as_text(peer)).push_back(static_cast<char>(reason));
}

void append_pong(std::string& out, const PingData& data) {
  append_frame(out, FrameType::pong, as_text(data));
}

void append_keep_alive(std::string& out) {
  append_frame(out, FrameType::keep_alive, {});
}

void append_restarting(std::string& out, std::chrono::milliseconds reconnect_in,
                       std::chrono::milliseconds try_for) {
  append_frame(out, FrameType::restarting, big_endian(reconnect_in) + big_endian(try_for));
}

}  // namespace latchkey::relay
