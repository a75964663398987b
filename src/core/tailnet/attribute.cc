#include "core/tailnet/attribute.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "core/tailnet/host_info.h"

namespace latchkey::tailnet {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Releases have an even second number: 1.98.2. Nothing for a version of another form.
std::optional<std::string> release_track(std::string_view version) {
  const auto parts = split(version, '.');
  if (parts.size() < 2) return std::nullopt;
  int minor = 0;
  const auto* end = parts[1].data() + parts[1].size();
  const auto [stopped, failed] = std::from_chars(parts[1].data(), end, minor);
  if (failed != std::errc{} || stopped != end) return std::nullopt;
  return minor % 2 == 0 ? "stable" : "unstable";
}

}  // namespace

std::string_view type_name(const AttributeValue& value) {
  constexpr std::array<std::string_view, std::variant_size_v<AttributeValue>> kNames{"string", "number",
                                                                                     "boolean"};
  return kNames.at(value.index());
}

Result<void> check_attribute_key(std::string_view key) {
  const bool fits =
      key.starts_with(kCustomPrefix) && key.size() > kCustomPrefix.size() && key.size() <= kMaxAttributeKey &&
      !holds_key(key) &&
      std::ranges::all_of(key, [](char c) { return is_letter_or_digit(c) || c == '_' || c == ':'; });
  if (fits) return {};
  return malformed("an attribute key begins with custom: and has at most " +
                       std::to_string(kMaxAttributeKey) + " letters, digits, '_' and ':'",
                   "attributeKey");
}

Result<void> check_attribute_value(const AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    const bool plain =
        std::ranges::all_of(*text, [](char c) { return is_letter_or_digit(c) || c == '_' || c == '.'; });
    if (!plain || text->size() > kMaxAttributeText || holds_key(*text)) {
      return malformed(
          "a text value has at most " + std::to_string(kMaxAttributeText) + " letters, digits, '_' and '.'",
          "value");
    }
  }
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    if (*number > kMaxAttributeNumber || *number < -kMaxAttributeNumber) {
      return malformed("a number value is at most 2^53-1", "value");
    }
  }
  return {};
}

std::vector<Attribute> node_attributes(const Device& device) {
  const auto info = host_info_from(device.report.host_info);
  // Policies compare with upstream's words, which are small; "1.98.2-t1a2b3c4d5" is version 1.98.2.
  const std::string version = info.client_version.substr(0, info.client_version.find('-'));
  std::vector<Attribute> attributes;
  const auto add = [&attributes](const char* key, std::string value) {
    if (!value.empty()) attributes.push_back({key, std::move(value), std::nullopt});
  };
  add("node:os", to_lower(info.os));
  add("node:osVersion", info.os_version);
  add("node:tsReleaseTrack", release_track(version).value_or(""));
  add("node:tsVersion", version);
  return attributes;
}

}  // namespace latchkey::tailnet
