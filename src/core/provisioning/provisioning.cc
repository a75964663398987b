#include "core/provisioning/provisioning.h"

#include <array>

namespace latchkey::provisioning {

std::string_view to_string(GuardState state) {
  switch (state) {
    case GuardState::watching:
      return "watching";
    case GuardState::holding:
      return "holding";
    case GuardState::released:
      return "released";
    case GuardState::refused:
      return "refused";
  }
  return "";
}

std::optional<GuardState> guard_state_from(std::string_view text) {
  for (const auto state :
       {GuardState::watching, GuardState::holding, GuardState::released, GuardState::refused}) {
    if (to_string(state) == text) return state;
  }
  return std::nullopt;
}

}  // namespace latchkey::provisioning
