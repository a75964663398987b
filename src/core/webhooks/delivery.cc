#include "core/webhooks/delivery.h"

#include <algorithm>
#include <array>
#include <utility>

namespace latchkey::webhooks {
namespace {

constexpr std::array<std::pair<DeliveryState, std::string_view>, 4> kStates{{
    {DeliveryState::waiting, "waiting"},
    {DeliveryState::delivered, "delivered"},
    {DeliveryState::given_up, "givenUp"},
    {DeliveryState::dropped, "dropped"},
}};

}  // namespace

std::string_view to_string(DeliveryState state) {
  return std::ranges::find(kStates, state, &std::pair<DeliveryState, std::string_view>::first)->second;
}

std::optional<DeliveryState> delivery_state_from(std::string_view text) {
  const auto* found = std::ranges::find(kStates, text, &std::pair<DeliveryState, std::string_view>::second);
  if (found == kStates.end()) return std::nullopt;
  return found->first;
}

}  // namespace latchkey::webhooks
