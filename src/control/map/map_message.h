// MapResponse: what a device is told, whole or as the difference between two views (public source:
// tailscale/tailscale, tailcfg/tailcfg.go). Pure: views in, JSON out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/map/frame.h"
#include "control/map/view.h"

namespace latchkey::control {

// Byte for byte what clients recognise without decoding.
inline constexpr std::string_view kKeepAlive = R"({"KeepAlive":true})";

// The first message of a stream. `derp_map` is JSON.
std::string whole_map(const View& view, const Node& self, const std::string& derp_map, TimePoint now);
// The same as it is sent, compressed: pieces most of which other streams of the view have too.
std::vector<FramePtr> packed_whole_map(const View& view, const Node& self, const std::string& derp_map,
                                       TimePoint now);

// From what a stream was told last to the newest view; empty when there is nothing to tell. The device must
// be in both. Takes time in proportion to what changed, but for changes of the policy, of settings or of the
// device's own standing, after which every peer is looked at.
std::string map_delta(const View& before, const View& after, const Node& self_before, const Node& self_after);

// Other relays than before, and nothing else.
std::string derp_map_only(const std::string& derp_map);

// Tells a device that was removed that it has to log in again.
std::string farewell(const Node& self, TimePoint now);

}  // namespace latchkey::control
