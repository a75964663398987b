// Device names: one DNS label, unique in the tailnet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latchkey::tailnet {

inline constexpr std::size_t kMaxDeviceName = 63;
inline constexpr std::size_t kMaxHostname = 255;

// The label for a host name: ".local", ".localdomain" and ".lan" go; spaces, '.', '@' and '_' become '-';
// what no label has is dropped; letters become small. Never empty: "node" when nothing is left.
std::string label_of(std::string_view hostname);

// The label, or the first of label-1, label-2 ... that is not `taken`; never longer than a label may be.
std::string first_free(const std::string& label, const std::vector<std::string>& taken);

// A name that a person chooses: letters (small ones), digits and '-', not at the ends.
Result<void> check_device_name(std::string_view name);

// A host name as it may be stored and shown: control characters, bytes that are no UTF-8 and what looks like
// a key do not survive; bounded.
std::string storable_hostname(std::string_view hostname);

}  // namespace latchkey::tailnet
