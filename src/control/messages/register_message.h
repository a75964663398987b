// RegisterRequest and RegisterResponse (public source: tailscale/tailscale, tailcfg/tailcfg.go).
#pragma once

#include <string>
#include <string_view>

#include "core/join/join.h"

namespace latchkey::control {

struct RegisterMessage {
  join::RegisterRequest request;  // without the machine key and the source, which the connection knows
  std::string followup;           // the address of a pending login that the device waits for
};

Result<RegisterMessage> parse_register(std::string_view body);

std::string accepted_answer(const join::Registered& registered, bool machine_authorized);
std::string node_key_expired_answer();
// A person must visit the address.
std::string login_answer(std::string_view address);
// Shown to the person at the machine, so the text says what to do.
std::string refused_answer(std::string_view reason);

}  // namespace latchkey::control
