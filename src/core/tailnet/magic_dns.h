// The names that devices of a tailnet have for each other.
#pragma once

#include <string>
#include <string_view>

#include "core/tailnet/tailnet.h"

namespace latchkey::tailnet {

// What follows the first label of every device's name, without a final dot:
// "otter-reef-example.latchkey.internal" for the tailnet otter-reef.example. Clients take it from their own
// name, so it must be the same for all devices of a tailnet and must not change while one of them is
// connected.
std::string magic_dns_suffix(const Tailnet& tailnet);

// "web1.otter-reef-example.latchkey.internal".
std::string magic_dns_name(std::string_view label, const Tailnet& tailnet);

// The label of such a name; other text comes back as it is.
std::string_view label_in(std::string_view name, const Tailnet& tailnet);

}  // namespace latchkey::tailnet
