// Making and renewing the device of somebody who was let in. How they were let in (an auth key, a person at a
// browser) was decided before.
#pragma once

#include "core/join/join.h"

namespace latchkey::join {

// What the device will be.
struct Admission {
  TailnetId tailnet;
  std::optional<identity::User> owner;  // nothing when tagged
  std::vector<std::string> tags;        // sorted
  bool ephemeral = false;
  bool preauthorized = false;
  CredentialId auth_key;  // empty when a person let it in
  std::string group_id;   // of the records of this act
};

// NODE.CREATE, NODE.LOGIN, and NODE.APPROVE when the key approved it.
Result<tailnet::Device> make_device(core::Tx& tx, const DeviceId& id, const Admission& admission,
                                    const RegisterRequest& request, const JoinContext& context,
                                    TimePoint now);

// NODE.LOGIN, and what else changed. Keeps id, number, name, addresses and approval: logging in again
// approves nothing.
Result<tailnet::Device> renew_device(core::Tx& tx, tailnet::Device device, const Admission& admission,
                                     const RegisterRequest& request, const JoinContext& context,
                                     TimePoint now);

}  // namespace latchkey::join
