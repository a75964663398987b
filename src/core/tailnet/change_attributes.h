// Reading and changing the attributes of devices. A device of another tailnet is answered like none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/identity/authorize.h"
#include "core/tailnet/attribute.h"
#include "core/tx.h"

namespace latchkey::tailnet {

using MayReadAttributes = identity::Permit<identity::Operation::read_device_attributes>;
using MayWriteAttributes = identity::Permit<identity::Operation::write_device_attributes>;

// All there are, sorted by key. `device` is either of its ids.
Result<std::vector<Attribute>> read_attributes(core::Tx& tx, const MayReadAttributes& may,
                                               std::string_view device, TimePoint now);

// One change to one device; without a value the attribute is removed.
struct AttributeChange {
  std::string device;  // either id
  std::string key;
  std::optional<AttributeValue> value;
  std::optional<TimePoint> expires;
};

enum class WhenAbsent { not_found, nothing };  // of an attribute to be removed

// All of them or none; the comment goes to the log.
Result<void> change_attributes(core::Tx& tx, const MayWriteAttributes& may,
                               const std::vector<AttributeChange>& changes, const std::string& comment,
                               WhenAbsent when_absent, TimePoint now);

}  // namespace latchkey::tailnet
