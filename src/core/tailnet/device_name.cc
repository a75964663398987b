#include "core/tailnet/device_name.h"

#include <algorithm>
#include <unordered_set>

#include "base/text.h"

namespace latchkey::tailnet {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

std::string_view trim_to_alphanumeric(std::string_view text) {
  while (!text.empty() && !is_alphanumeric(text.front())) text.remove_prefix(1);
  while (!text.empty() && !is_alphanumeric(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string label_of(std::string_view hostname) {
  std::string lower = to_lower(hostname);
  for (const std::string_view suffix : {".localdomain", ".local", ".lan"}) {
    if (lower.ends_with(suffix)) {
      lower.resize(lower.size() - suffix.size());
      break;
    }
  }
  std::string label;
  for (const char c : lower) {
    if (is_alphanumeric(c) || c == '-') {
      label += c;
    } else if (c == ' ' || c == '.' || c == '@' || c == '_') {
      label += '-';
    }
  }
  const auto trimmed = trim_to_alphanumeric(label);
  const auto kept = trim_to_alphanumeric(trimmed.substr(0, kMaxDeviceName));
  return kept.empty() ? "node" : std::string(kept);
}

std::string first_free(const std::string& label, const std::vector<std::string>& taken) {
  const std::unordered_set<std::string_view> names(taken.begin(), taken.end());
  std::string name = label;
  for (std::size_t number = 1; names.contains(name); ++number) {
    const std::string suffix = "-" + std::to_string(number);
    name = label.substr(0, kMaxDeviceName - suffix.size()) + suffix;
  }
  return name;
}

Result<void> check_device_name(std::string_view name) {
  const bool plain = std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '-'; });
  if (name.empty() || name.size() > kMaxDeviceName || !plain || name.front() == '-' || name.back() == '-' ||
      holds_key(name)) {
    return malformed(
        "a device name is 1 to 63 lower-case letters, digits and hyphens, with no hyphen at either end",
        "name");
  }
  return {};
}

std::string storable_hostname(std::string_view hostname) {
  std::string kept;
  for (const char c : hostname) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte != 0x7F) kept += c;
  }
  kept = std::string(clip(redact_keys(kept), kMaxHostname));
  if (!utf8_length(kept)) {
    std::erase_if(kept, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  }
  return kept;
}

}  // namespace latchkey::tailnet
