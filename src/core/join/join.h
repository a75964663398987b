// Joining: what happens when a device registers, from its keys to a place in the tailnet. Called by the
// control protocol, whose connection has proved the machine key.
//
// Registrations of one machine may run at once; each is one transaction, and of two that would make the same
// device one is refused with `unavailable`, to be repeated by the device.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "core/audit/record.h"
#include "core/credentials/key_mint.h"
#include "core/identity/user.h"
#include "core/tailnet/device.h"
#include "core/tx.h"

namespace latchkey::join {

struct RegisterRequest {
  std::string machine_key;  // proved by the connection
  std::string node_key;
  std::string old_node_key;      // empty or the zero key: none. Told ever after a first rotation
  std::string tailnet_lock_key;  // kept, not used
  SecretString auth_key;         // empty: none
  std::optional<TimePoint> expiry;
  std::string host_info = "{}";  // one JSON object
  std::string hostname;
  std::vector<std::string> requested_tags;
  std::vector<std::string> routable_ips;
  bool ephemeral = false;
  std::int64_t capability_version = 0;
  audit::Source source;
};

// What the use cases need beside a transaction. Outlives them.
struct JoinContext {
  const credentials::KeyMint& mint;
  // Which of the routes that a device advertises are enabled without an administrator; without it none.
  std::function<std::vector<std::string>(core::Tx&, const tailnet::Device&)> auto_approved = {};
};

struct Registered {
  std::optional<tailnet::Device> device;  // nothing with one of the two below
  std::optional<identity::User> owner;    // nothing for a tagged device
  bool node_key_expired = false;          // make another node key and register again
  std::string pending_login;              // its id: there is no auth key, a person must decide
};

// In this order: an expiry in the past is a logout, whatever else is there; a node key of another machine is
// refused; an expired node key is answered so and costs no auth key; a valid one goes on as it is; an auth
// key makes or renews the device; otherwise a login begins that a person must complete.
//
// A machine that restarts with the auth key it once joined with goes on too, whatever became of that key: its
// node key is what counts. The same machine and owner keep the device, its number, name and addresses.
//
// Refusals are for the person at the machine: what is wrong, beginning with upstream's texts.
Result<Registered> register_device(core::Tx& tx, const RegisterRequest& request, const JoinContext& context,
                                   TimePoint now);

// After a refusal: its record, in the tailnet of the auth key, when the request holds the true secret of one.
// Nothing otherwise: noise is nobody's. The caller limits how many it appends, since devices retry for ever.
std::optional<audit::Record> record_of_refusal(core::Tx& tx, const RegisterRequest& request,
                                               const JoinContext& context, const Error& refusal,
                                               TimePoint now);

// Writes such a record; of a key that has ended, it counts as a refused use.
void record_refused_join(core::Tx& tx, const audit::Record& record);

}  // namespace latchkey::join
