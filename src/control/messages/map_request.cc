#include "control/messages/map_request.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "control/messages/protocol_key.h"
#include "control/messages/wire_json.h"

namespace latchkey::control {
namespace {

// A device offers routes, and its system does not forward (public source: tailscale/tailscale,
// control/controlclient/direct.go).
constexpr std::string_view kForwardingOff = "warn-ip-forwarding-off";

}  // namespace

Result<MapRequest> parse_map_request(std::string_view body) {
  TRY(const auto json, WireObject::parse(body));
  MapRequest request;
  TRY(request.capability_version, json.integer("Version"));
  TRY(const auto compress, json.text("Compress"));
  if (!compress.empty() && compress != "zstd")
    return malformed("Compress must be zstd or absent", "Compress");
  request.compress = !compress.empty();
  TRY(request.node_key, json.key("NodeKey", kNodeKey));
  TRY(request.disco_key, json.key("DiscoKey", kDiscoKey));
  TRY(request.stream, json.flag("Stream"));
  TRY(request.omit_peers, json.flag("OmitPeers"));
  TRY(request.read_only, json.flag("ReadOnly"));
  TRY(request.endpoints, json.texts("Endpoints"));
  TRY(const auto host, json.object("Hostinfo"));
  TRY(request.hostname, host.text("Hostname"));
  TRY(request.requested_tags, host.texts("RequestTags"));
  TRY(request.routable_ips, host.texts("RoutableIPs"));
  if (!host.members().empty()) request.host_info = boost::json::serialize(host.members());
  TRY(const auto flags, json.texts("DebugFlags"));
  request.forwarding_off = std::ranges::find(flags, kForwardingOff) != flags.end();
  if (request.node_key.empty()) return malformed("NodeKey is required", "NodeKey");
  return request;
}

}  // namespace latchkey::control
