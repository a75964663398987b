// What frames of the DERP protocol carry, both ways. Parsing takes a payload and refuses what is too short;
// bytes behind the known ones are left for newer clients. Writing appends whole frames.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/box.h"
#include "relay/frame.h"
#include "relay/node_key.h"

namespace latchkey::relay {

inline constexpr int kDerpVersion = 2;
// A client's first frame holds its key and a few members of JSON; before it, nothing is known of the client.
inline constexpr std::size_t kMostClientInfoBytes = 4096;
// The largest frame that an admitted client may send.
inline constexpr std::size_t kMostFrameBytes = kMostPacketBytes + NodeKey{}.size();

struct ClientInfo {
  NodeKey key{};  // proved: the box was made with its secret half
  std::int64_t version = 0;
};

// What a client says first. Malformed: a short frame, a box that does not open, no JSON object in it, or no
// protocol version that this relay speaks.
Result<ClientInfo> open_client_info(std::string_view payload, const crypto::BoxKeyPair& server);

struct Packet {
  NodeKey peer{};  // destination when sent, source when received
  std::string_view bytes;
};
std::optional<Packet> parse_packet(std::string_view payload);

using PingData = std::array<char, 8>;
std::optional<PingData> parse_ping(std::string_view payload);

// Whether this relay is the client's home; nothing when the frame says neither.
std::optional<bool> parse_note_preferred(std::string_view payload);

enum class PeerGoneReason : std::uint8_t { disconnected = 0, not_here = 1 };

void append_server_key(std::string& out, const NodeKey& server);
void append_server_info(std::string& out, const NodeKey& client, const crypto::BoxKeyPair& server,
                        const crypto::BoxNonce& nonce);
void append_recv_packet(std::string& out, const NodeKey& source, std::string_view packet);
void append_peer_gone(std::string& out, const NodeKey& peer, PeerGoneReason reason);
void append_pong(std::string& out, const PingData& data);
void append_keep_alive(std::string& out);
// When to come back, and for how long to try before the usual measures against a lost relay.
void append_restarting(std::string& out, std::chrono::milliseconds reconnect_in,
                       std::chrono::milliseconds try_for);

}  // namespace latchkey::relay
