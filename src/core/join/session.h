// The life of a joined device as the control protocol sees it: which device a connection is, going on after a
// restart, logging out, reporting, being connected.
//
// A Device that is handed in was read in the same transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/join/join.h"

namespace latchkey::join {

// The device of a node key, if the machine is its own. Node keys are public: a machine that names another's
// is answered like one that names none.
Result<tailnet::Device> device_of(core::Tx& tx, std::string_view machine_key, std::string_view node_key);

// Its user; nothing for a tagged device.
std::optional<identity::User> owner_of(core::Tx& tx, const tailnet::Device& device);

// A registration that changes nothing, such as after a restart. A wanted expiry can only shorten.
Result<Registered> go_on(core::Tx& tx, tailnet::Device device, std::optional<TimePoint> wanted_expiry,
                         const audit::Source& source, TimePoint now);

// Expires the node key now; an ephemeral device is removed at once. Logging out again writes nothing.
void log_out_device(core::Tx& tx, tailnet::Device device, const audit::Source& source, TimePoint now);

// What a map request tells. What is empty or absent was not told.
struct StatusReport {
  struct Host {
    std::string info;  // one JSON object
    std::string hostname;
    std::vector<std::string> routable_ips;
  };
  std::string disco_key;
  std::optional<std::vector<std::string>> endpoints;
  std::optional<Host> host;
  std::int64_t capability_version = 0;
  // Whether its system forwards packets; absent: not told.
  std::optional<bool> forwarding_off;
};

struct Reported {
  tailnet::Device device;  // as it is now
  bool changed = false;    // nothing was written otherwise
};

// Tags that a device asks for later are not looked at: it gets tags by logging in.
Result<Reported> report(core::Tx& tx, const tailnet::Device& device, const StatusReport& status,
                        const JoinContext& context, const audit::Source& source, TimePoint now);

// The device's connection is this one from now on, "<replica>.<which>"; where it was before does not matter.
void connect(core::Tx& tx, const tailnet::Device& device, std::string_view connection, TimePoint now);
// Only where nobody else holds it: for a replica that was taken for gone.
void connect_again(core::Tx& tx, const TailnetId& tailnet, const DeviceId& id, std::string_view connection,
                   TimePoint now);
// Its last stream at this replica ended. False when it is connected elsewhere by now, or gone.
bool disconnect(core::Tx& tx, const TailnetId& tailnet, const DeviceId& id, std::string_view connection,
                TimePoint now);

// A replica says again and again that it lives. What is connected to one that has not said so for this long
// counts as gone.
inline constexpr minutes kReplicaLease{2};
void say_alive(core::Tx& tx, const std::string& replica, TimePoint now);

inline constexpr std::int64_t kDisconnectBatch = 500;
// Ends the connections that replicas left behind which are gone. Returns how many; call again while it
// returns kDisconnectBatch.
std::int64_t disconnect_left(core::Tx& tx, TimePoint now);

}  // namespace latchkey::join
