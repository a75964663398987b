// Joining without a key: a device registers, is given an address, and waits until somebody who may do so
// completes its login there.
//
// A pending login belongs to no tailnet until then, so it cannot be listed: who knows its unguessable id,
// which stands on the device's screen, can look at it. It is a memory of strangers' requests: bounded in
// number, for each address and in all, and short-lived.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/identity/authorize.h"
#include "core/join/join.h"

namespace latchkey::join {

using MayConnectDevice = identity::Permit<identity::Operation::connect_device>;
using MayCompleteLogin = identity::Permit<identity::Operation::complete_device_login>;

inline constexpr minutes kLoginWaits{15};
inline constexpr std::int64_t kMostPendingLogins = 1024;
inline constexpr std::int64_t kMostPendingLoginsOfAddress = 64;

struct PendingLogin {
  std::string id;           // 32 hexadecimal digits
  RegisterRequest request;  // never with an auth key; of its source only the address is kept
  TimePoint created{};
  TimePoint expires{};
};

bool is_login_id(std::string_view text);

// A new one for this node key, in place of the one it had: clients take the same address twice for an error.
Result<PendingLogin> begin_login(core::Tx& tx, const RegisterRequest& request, TimePoint now);

// Nothing when it was completed, has expired, or never was.
std::optional<PendingLogin> find_login(core::Tx& tx, std::string_view id, TimePoint now);

// Makes or renews the device, for the person with this login name (empty: the caller) or, when the device
// asks for tags that the caller may give, for none. Approves it too. The change feed wakes the waiting
// device.
Result<tailnet::Device> complete_login(core::Tx& tx, const MayCompleteLogin& may, std::string_view id,
                                       const std::string& login_name, const JoinContext& context,
                                       TimePoint now);

// The same for the caller's own device, which waits for approval where devices do: who connects it need not
// be one who approves.
Result<tailnet::Device> connect_own(core::Tx& tx, const MayConnectDevice& may, std::string_view id,
                                    const JoinContext& context, TimePoint now);

}  // namespace latchkey::join
