#include "core/tailnet/find_device.h"

#include <charconv>

#include "core/tailnet/device_store.h"

namespace latchkey::tailnet {

std::optional<Device> device_by_any_id(core::Tx& tx, const TailnetId& tailnet, std::string_view id) {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(id.data(), id.data() + id.size(), number);
  const bool is_number = !id.empty() && failed == std::errc{} && end == id.data() + id.size();
  if (is_number) return tx.devices().find_by_number(tailnet, number);
  return tx.devices().find(tailnet, DeviceId(std::string(id)));
}

}  // namespace latchkey::tailnet
