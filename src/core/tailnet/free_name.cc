#include "core/tailnet/free_name.h"

#include "core/tailnet/device_name.h"
#include "core/tailnet/device_store.h"

namespace latchkey::tailnet {
namespace {

// Room for "-1234567" behind it.
constexpr std::size_t kNameStem = 55;

}  // namespace

std::string free_name(core::Tx& tx, const TailnetId& tailnet, std::string_view hostname,
                      std::string_view own_name) {
  const std::string label = label_of(hostname);
  auto taken = tx.devices().names_like(tailnet, label.substr(0, kNameStem));
  std::erase(taken, own_name);
  return first_free(label, taken);
}

}  // namespace latchkey::tailnet
