// Which device an id means for a caller. One that he may not reach is answered like one that does not exist.
#pragma once

#include <algorithm>
#include <string_view>

#include "core/identity/authorize.h"
#include "core/tailnet/device.h"
#include "core/tx.h"

namespace latchkey::tailnet {

// By either of a device's two ids: "n...CNTRL" or the decimal number.
std::optional<Device> device_by_any_id(core::Tx& tx, const TailnetId& tailnet, std::string_view id);

// A trust credential that is bound to its tags reaches the devices that carry one of them.
template <identity::Operation operation>
bool reaches(const identity::Permit<operation>& may, const Device& device) {
  const auto& trust = may.caller().trust;
  if (trust && trust->bound_to_tags) {
    const auto held = [&](const std::string& tag) {
      return std::ranges::find(trust->tags, tag) != trust->tags.end();
    };
    if (std::ranges::none_of(device.tags, held)) return false;
  }
  return may.reaches(device.user);
}

template <identity::Operation operation>
Result<Device> find_device(core::Tx& tx, const identity::Permit<operation>& may, std::string_view id) {
  auto device = device_by_any_id(tx, may.tailnet(), id);
  if (!device || !reaches(may, *device)) return not_found("device not found");
  return *std::move(device);
}

}  // namespace latchkey::tailnet
