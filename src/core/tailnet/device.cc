#include "core/tailnet/device.h"

#include <algorithm>

namespace latchkey::tailnet {

bool is_key_expired(const Device& device, TimePoint now) {
  const auto expires = effective_expiry(device);
  return expires && now >= *expires;
}

std::optional<TimePoint> effective_expiry(const Device& device) {
  if (device.key_expiry_disabled) return std::nullopt;
  return device.key_expires;
}

bool is_blocked(const Device& device, const std::optional<identity::User>& owner) {
  if (device.user.empty()) return false;
  return !owner || owner->status != identity::UserStatus::active;
}

bool is_public_key(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix) || text.size() != prefix.size() + 64) return false;
  const auto digits = text.substr(prefix.size());
  const bool hexadecimal =
      std::ranges::all_of(digits, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return hexadecimal && digits.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace latchkey::tailnet
