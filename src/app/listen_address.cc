#include "app/listen_address.h"

namespace latchkey::app {

Result<HostAndPort> split_listen(const std::string& key, const std::string& text) {
  const auto wrong = [&] {
    return malformed("setting " + key + " must be ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon + 1 == text.size()) return wrong();
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  const std::string digits = text.substr(colon + 1);
  if (digits.size() > 5 || digits.find_first_not_of("0123456789") != std::string::npos) return wrong();
  const int port = std::stoi(digits);
  if (port > 65535) return wrong();
  return HostAndPort{std::move(host), static_cast<std::uint16_t>(port)};
}

}  // namespace latchkey::app
