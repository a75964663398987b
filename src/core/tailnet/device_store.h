// Where devices are kept. Every function names the tailnet, except those that find out which it is from a key
// that a device presents.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/audit/act.h"
#include "core/tailnet/device.h"

namespace latchkey::tailnet {

class DeviceStore {
 public:
  virtual ~DeviceStore() = default;

  virtual std::optional<Device> find(const TailnetId& tailnet, const DeviceId& id) = 0;
  virtual std::optional<Device> find_by_number(const TailnetId& tailnet, std::int64_t number) = 0;
  // Sorted by number.
  virtual std::vector<Device> list(const TailnetId& tailnet) = 0;
  virtual std::vector<Device> list_of_user(const TailnetId& tailnet, const UserId& user) = 0;
  // The names in the tailnet that begin with this part of a label: what a new name must not collide with.
  virtual std::vector<std::string> names_like(const TailnetId& tailnet, std::string_view beginning) = 0;
  // How many logged in last with this auth key.
  virtual std::int64_t count_of_auth_key(const TailnetId& tailnet, const CredentialId& key) = 0;
  virtual bool is_address_taken(const TailnetId& tailnet, std::string_view ipv4) = 0;

  // For the control protocol, where a key is all that is known: it leads to the tailnet. Node keys are unique
  // over all tailnets; one machine may own devices of several users and tailnets.
  virtual std::optional<Device> find_by_node_key(std::string_view node_key) = 0;
  virtual std::vector<Device> list_of_machine(std::string_view machine_key) = 0;

  // What another device has already; nothing is written then. `machine_taken`: one machine has one device for
  // each user, and one tagged device, in a tailnet.
  enum class Written { done, name_taken, address_taken, node_key_taken, number_taken, machine_taken };
  // One act of several records (a join writes NODE.CREATE, NODE.LOGIN ...) is one group and one feed entry.
  virtual Written insert(const Device& device, std::span<const audit::Record> records,
                         const audit::Change& change) = 0;
  // Writes every member but the report, the connection and what never changes (id, number, tailnet, machine
  // key, created). A device is read, then updated once, in one transaction; where it changed in between, on
  // another replica, the store throws and the transaction is run again.
  virtual Written update(const Device& device, std::span<const audit::Record> records,
                         const audit::Change& change) = 0;
  // False when it does not exist; nothing is written then.
  virtual bool remove(const TailnetId& tailnet, const DeviceId& id, std::span<const audit::Record> records,
                      const audit::Change& change) = 0;

  // Reports and connections are not configuration: a feed entry, no record.
  virtual void report(const TailnetId& tailnet, const DeviceId& id, const DeviceReport& report,
                      const audit::Change& change) = 0;
  // `replica` empty: the connection ended. An ending is written only while `replica_was` still holds it, so
  // that a late ending cannot undo a newer connection elsewhere; false then.
  virtual bool set_connected(const TailnetId& tailnet, const DeviceId& id, std::string_view replica,
                             std::string_view replica_was, TimePoint at, const audit::Change& change) = 0;
  // Devices that a replica left connected which holds no lease "replica <its name>" any more.
  virtual std::vector<Device> left_connected(TimePoint now, std::int64_t limit) = 0;

  // Over all tailnets, for periodic work.
  virtual std::vector<Device> ephemeral_gone_since(TimePoint before, std::int64_t limit) = 0;
  // False when it came back or another replica was first.
  virtual bool remove_if_gone(const Device& device, TimePoint before, std::span<const audit::Record> records,
                              const audit::Change& change) = 0;
  virtual std::vector<Device> expired_unannounced(TimePoint now, std::int64_t limit) = 0;
  // Whose key, not expired at `now`, expires within so many days, and which was not warned of that date or
  // only of a longer time.
  virtual std::vector<Device> expiring_unwarned(TimePoint now, days within, std::int64_t limit) = 0;
  // Remembers that it was, and announces the change, if there is one. False when its date changed meanwhile
  // or another replica was first.
  virtual bool warn_of_expiry(const Device& device, days within,
                              const std::optional<audit::Change>& change) = 0;
  // What is told by the feed alone.
  virtual void announce(const audit::Change& change) = 0;
  // False when its date changed meanwhile or another replica was first.
  virtual bool announce_expiry(const Device& device, std::span<const audit::Record> records,
                               const audit::Change& change) = 0;
};

}  // namespace latchkey::tailnet
