// Settings that say where to listen: ADDRESS:PORT.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace latchkey::app {

struct HostAndPort {
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port;
};

// `key` names the setting in the refusal.
Result<HostAndPort> split_listen(const std::string& key, const std::string& text);

}  // namespace latchkey::app
