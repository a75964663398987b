// Which addresses this server may open connections to when somebody else's text names them: not the networks
// that only it can reach. Judged by the resolved address, so that no spelling and no name gets around it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latchkey::io {

class AddressGuard {
 public:
  // Networks that may be reached although they are not public: "10.0.0.0/8", "127.0.0.1", "fd00::/8".
  static Result<AddressGuard> make(const std::vector<std::string>& allowed);

  // `address` as text, without a zone. Addresses that carry another one (IPv4 in IPv6, NAT64, 6to4) are
  // judged by that one.
  bool may_reach(std::string_view address) const;

 private:
  struct Network {
    std::string bytes;  // 4 or 16
    int length = 0;
    bool holds(const std::string& address) const;
  };
  static Result<Network> network_of(const std::string& text);
  std::vector<Network> allowed_;
};

}  // namespace latchkey::io
