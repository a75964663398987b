// Making and renewing the device of somebody who was let in. How they were let in (an auth key, a person at a
// browser) was decided before.
#pragma once

#include "core/identity/caller.h"
#include "core/join/join.h"

namespace latchkey::join {

// What the device will be.
struct Admission {
  TailnetId tailnet;
  std::optional<identity::User> owner;  // nothing when tagged
  std::vector<std::string> tags;        // sorted
  bool ephemeral = false;
  bool preauthorized = false;
  CredentialId auth_key;  // empty when a person let it in:
  std::optional<identity::Caller> by;
  std::string group_id;  // of the records of this act
};

std::vector<std::string> sorted_tags(std::vector<std::string> tags);  // each once

// The device of this machine that the admission renews: that of the same owner. A tagged admission also takes
// over the present device of the person who lets it in: logging in with a tag keeps the address.
std::optional<tailnet::Device> device_to_renew(const std::vector<tailnet::Device>& of_machine,
                                               const Admission& admission, const UserId& person,
                                               const RegisterRequest& request);

// NODE.CREATE, NODE.LOGIN, and NODE.APPROVE when it is approved although the tailnet wants that done.
Result<tailnet::Device> make_device(core::Tx& tx, const DeviceId& id, const Admission& admission,
                                    const RegisterRequest& request, const JoinContext& context,
                                    TimePoint now);

// NODE.LOGIN, and what else changed. Keeps id, number, name, addresses and approval: logging in again with a
// key approves nothing.
Result<tailnet::Device> renew_device(core::Tx& tx, tailnet::Device device, const Admission& admission,
                                     const RegisterRequest& request, const JoinContext& context,
                                     TimePoint now);

}  // namespace latchkey::join
