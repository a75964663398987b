// What the audit log and the change feed say about a device: named, harmless members, in the vocabulary of
// upstream's log, where a device is a node.
#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/audit/act.h"
#include "core/identity/user.h"
#include "core/tailnet/device.h"

namespace latchkey::tailnet {

// What a person or a device did to one device at one moment: records that share a group, an actor and a time.
class DeviceRecords {
 public:
  // Without a group id, a group of its own.
  DeviceRecords(const Device& device, audit::Actor actor, audit::Source source, TimePoint now,
                std::string group_id = {});

  // The reference lives until the next one is added.
  audit::Record& add(audit::Action action, std::string property = {});
  // Of a member that changed.
  audit::Record& add(audit::Action action, std::string property, boost::json::value old_value,
                     boost::json::value new_value);

  const std::string& group_id() const noexcept { return first_.group_id; }
  bool empty() const noexcept { return records_.empty(); }
  operator std::span<const audit::Record>() const noexcept { return records_; }

 private:
  audit::Record first_;
  std::vector<audit::Record> records_;
};

// The device as an actor: for a tagged one, which has no user.
audit::Actor actor_of(const Device& device);
// Who acts when a device does something of itself: its user, if that is known, or itself.
audit::Actor actor_of(const Device& device, const std::optional<identity::User>& user);

audit::Change change_of(const Device& device, audit::ChangeKind kind, TimePoint now);

boost::json::object audit_view(const Device& device);
boost::json::value json_list(const std::vector<std::string>& list);
boost::json::value json_time(std::optional<TimePoint> time);  // null: none

}  // namespace latchkey::tailnet
