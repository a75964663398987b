// The relay's parsers: however the bytes of a connection are cut into pieces they give the same frames, what
// is parsed keeps to its limits, and a STUN request is one only when it says so in full.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "relay/derp_map.h"
#include "relay/derp_messages.h"
#include "relay/frame.h"
#include "relay/stun.h"

namespace {

using namespace latchkey;
using namespace latchkey::relay;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "ERROR: broken guarantee: %s\n", what);
  std::abort();
}

struct Parsed {
  std::vector<std::pair<FrameType, std::string>> frames;
  bool broken = false;

  bool operator==(const Parsed&) const = default;
};

Parsed parse(std::string_view bytes, std::size_t piece) {
  Parsed out;
  FrameReader reader(kMostFrameBytes);
  while (!bytes.empty() && !out.broken) {
    reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (auto frame = reader.next()) out.frames.emplace_back(frame->type, frame->payload);
    out.broken = reader.broken();
  }
  return out;
}

void frames(std::string_view bytes, std::size_t piece) {
  const auto whole = parse(bytes, bytes.size() + 1);
  require(whole == parse(bytes, piece), "how bytes are cut into pieces does not change the frames");
  static const auto server = crypto::box_keys_from(crypto::Key256{});
  for (const auto& [type, payload] : whole.frames) {
    require(payload.size() <= kMostFrameBytes, "no frame is over the limit");
    if (const auto packet = parse_packet(payload)) {
      require(packet->bytes.size() <= kMostPacketBytes, "no packet is over the limit");
      std::string out;
      append_recv_packet(out, packet->peer, packet->bytes);
      require(std::string_view(out).substr(kFrameHeader) == payload, "a packet is passed on as it came");
    }
    require(!open_client_info(payload, server), "nobody opens the relay's box by chance");
    (void)parse_ping(payload);
    (void)parse_note_preferred(payload);
  }
}

void stun(std::string_view packet) {
  const auto transaction = parse_binding_request(packet);
  if (!transaction) return;
  require(packet.size() >= 40 && packet.substr(8, 12) == std::string_view(transaction->data(), 12),
          "a request holds its transaction");
  const std::uint8_t address[16] = {};
  require(binding_response(*transaction, {address, 1}).size() <= packet.size() + 4,
          "an answer is of no use for amplifying a flood");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 0) {
    stun(rest);
  } else if (data[0] == 1) {
    (void)make_derp_map(std::nullopt, std::string(rest));
  } else {
    frames(rest, data[0]);
  }
  return 0;
}
