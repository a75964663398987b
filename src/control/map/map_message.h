// MapResponse: what a device is told, whole or as the difference between two views (public source:
// tailscale/tailscale, tailcfg/tailcfg.go). Pure: views in, JSON out.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "control/map/view.h"

namespace latchkey::control {

// Byte for byte what clients recognise without decoding.
inline constexpr std::string_view kKeepAlive = R"({"KeepAlive":true})";

// What one stream has been told beside the view itself.
struct Told {
  std::set<std::int64_t> profiles;  // UserIDs
  std::string filter;
};

// The first message of a stream. `derp_map` is JSON.
std::string whole_map(const View& view, const Node& self, const std::string& derp_map, TimePoint now,
                      Told& told);

// From what a stream was told last to the newest view; empty when there is nothing to tell. The device must
// be in both.
std::string map_delta(const View& before, const View& after, const Node& self_before, const Node& self_after,
                      Told& told);

// Other relays than before, and nothing else.
std::string derp_map_only(const std::string& derp_map);

// Tells a device that was removed that it has to log in again.
std::string farewell(const Node& self, TimePoint now);

}  // namespace latchkey::control
