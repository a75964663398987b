// What is said about a device beside what it is: posture attributes, "custom:team" = "ops". People and
// programs set those whose key begins with "custom:"; those that begin with "node:" follow from what the
// device reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/tailnet/device.h"

namespace latchkey::tailnet {

inline constexpr std::string_view kCustomPrefix = "custom:";
inline constexpr std::size_t kMaxAttributes = 100;  // on one device
inline constexpr std::size_t kMaxAttributeKey = 128;
inline constexpr std::size_t kMaxAttributeText = 50;
inline constexpr std::size_t kMaxAttributeComment = 200;
inline constexpr std::int64_t kMaxAttributeNumber = (std::int64_t{1} << 53) - 1;

using AttributeValue = std::variant<std::string, std::int64_t, bool>;

// Stored: "string", "number", "boolean".
std::string_view type_name(const AttributeValue& value);

struct Attribute {
  std::string key;
  AttributeValue value;
  std::optional<TimePoint> expires;  // not there any more from then on

  bool operator==(const Attribute&) const = default;
};

// "custom:" and letters, digits, '_' and ':'. Two keys that differ in letter case alone are one.
Result<void> check_attribute_key(std::string_view key);
// Text of letters, digits, '_' and '.'; numbers up to 2^53-1 either way.
Result<void> check_attribute_value(const AttributeValue& value);

// The attributes that begin with "node:".
std::vector<Attribute> node_attributes(const Device& device);

}  // namespace latchkey::tailnet
