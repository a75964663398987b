// Reading and managing devices. A device of another tailnet is answered like one that does not exist. An act
// that changes nothing writes nothing.
//
// `id` is either of a device's two ids: "n...CNTRL" or the decimal number.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/identity/authorize.h"
#include "core/tailnet/device.h"
#include "core/tx.h"

namespace latchkey::tailnet {

using MayListDevices = identity::Permit<identity::Operation::list_devices>;
using MayReadDevice = identity::Permit<identity::Operation::read_device>;
using MayManageDevice = identity::Permit<identity::Operation::manage_device>;
using MayReadRoutes = identity::Permit<identity::Operation::read_device_routes>;
using MaySetRoutes = identity::Permit<identity::Operation::set_device_routes>;

// How long a device whose key has expired is let in again, for somebody to log it in.
inline constexpr minutes kKeyExtension{30};
inline constexpr days kLongestKeyExpiry{180};

Result<std::vector<Device>> list_devices(core::Tx& tx, const MayListDevices& may);
Result<Device> read_device(core::Tx& tx, const MayReadDevice& may, std::string_view id);
// For its routes alone.
Result<Device> read_routes(core::Tx& tx, const MayReadRoutes& may, std::string_view id);

// Approves, or takes the approval back.
Result<Device> set_authorized(core::Tx& tx, const MayManageDevice& may, std::string_view id, bool authorized,
                              TimePoint now);
// Tags must be the caller's to give. A device that gets tags loses its user; its key keeps its expiry until
// the next login. A device without a user keeps at least one tag.
Result<Device> set_tags(core::Tx& tx, const MayManageDevice& may, std::string_view id,
                        const std::vector<std::string>& tags, TimePoint now);
// Gives a device that is no tagged one to another person, who must be active. It stays connected and keeps
// its key: whoever holds the machine is him from now on. conflict: the same machine has a device of his
// already.
Result<Device> hand_over(core::Tx& tx, const MayManageDevice& may, std::string_view id, const UserId& to,
                         TimePoint now);
// One label, which a reported host name no longer changes; empty: the name is made from the host name again.
Result<Device> set_name(core::Tx& tx, const MayManageDevice& may, std::string_view id,
                        const std::string& name, TimePoint now);
// The IPv6 address goes with it.
Result<Device> set_ipv4(core::Tx& tx, const MayManageDevice& may, std::string_view id,
                        const std::string& address, TimePoint now);

// The device must log in again, now or after so long. Ends a disabled expiry too, since a key that never
// expires cannot. Only ever sooner than it would have been: for a later date the device logs in.
Result<Device> expire_key(core::Tx& tx, const MayManageDevice& may, std::string_view id, seconds after,
                          TimePoint now);
// Enabled again, the original date counts: when it has passed, the key is expired at once.
Result<Device> set_key_expiry_disabled(core::Tx& tx, const MayManageDevice& may, std::string_view id,
                                       bool disabled, TimePoint now);
// kKeyExtension from now, for an expired key only; otherwise a conflict.
Result<Device> extend_key(core::Tx& tx, const MayManageDevice& may, std::string_view id, TimePoint now);

// Routes may be enabled before they are advertised. 0.0.0.0/0 and ::/0 go together.
Result<Device> set_enabled_routes(core::Tx& tx, const MaySetRoutes& may, std::string_view id,
                                  const std::vector<std::string>& routes, TimePoint now);

// Its node key is dead at once; it must log in again.
Result<void> remove_device(core::Tx& tx, const MayManageDevice& may, std::string_view id, TimePoint now);

}  // namespace latchkey::tailnet
