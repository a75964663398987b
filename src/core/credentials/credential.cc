#include "core/credentials/credential.h"

namespace latchkey::credentials {

std::string_view to_string(State state) {
  switch (state) {
    case State::active:
      return "active";
    case State::dormant:
      return "dormant";
    case State::spent:
      return "spent";
    case State::expired:
      return "expired";
    case State::revoked:
      return "revoked";
  }
  return "";
}

State state_of(const Credential& credential, std::optional<identity::UserStatus> owner, TimePoint now) {
  if (credential.revoked) return State::revoked;
  if (credential.spent) return State::spent;
  if (credential.expires && now >= *credential.expires) return State::expired;
  if (owner && *owner != identity::UserStatus::active) return State::dormant;
  return State::active;
}

bool is_invalid(const Credential& credential, TimePoint now) {
  const State state = state_of(credential, std::nullopt, now);
  return state == State::revoked || state == State::spent || state == State::expired;
}

}  // namespace latchkey::credentials
