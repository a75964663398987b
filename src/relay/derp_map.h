// The DERP map that every device is given: the regions it may use as relays, ours and those of a file.
//
// Built once at the start. The form is upstream's (tailcfg.DERPMap); of a file everything is checked, and a
// member that devices would not understand is refused rather than passed on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latchkey::relay {

inline constexpr std::int64_t kEmbeddedRegion = 900;  // 900 to 999 are for private relays
inline constexpr std::size_t kMostDerpMapBytes = 1024 * 1024;

// What devices need to find the embedded relay.
struct EmbeddedRelay {
  std::string host;  // a host name or a numeric address
  std::uint16_t derp_port = 0;
  std::int32_t stun_port = -1;  // -1: none
  std::string fingerprint;      // of its certificate, to be pinned; empty when an authority vouches for it
};

struct DerpRegion {
  std::int64_t id = 0;
  std::string code;
  std::string name;
};

struct DerpMap {
  std::string json;                 // for MapResponse.DERPMap
  std::vector<DerpRegion> regions;  // sorted by id
};

// Malformed, naming the member: a file that is no such map, that has the embedded relay's region too, and a
// map without any region, with which devices would wait for ever.
Result<DerpMap> make_derp_map(const std::optional<EmbeddedRelay>& embedded,
                              const std::optional<std::string>& file_text);

}  // namespace latchkey::relay
