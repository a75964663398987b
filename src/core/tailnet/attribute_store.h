// Where custom attributes of devices are kept. Keys are compared without letter case.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/audit/act.h"
#include "core/tailnet/attribute.h"

namespace latchkey::tailnet {

class AttributeStore {
 public:
  virtual ~AttributeStore() = default;

  // Sorted by key; expired ones are left out.
  virtual std::vector<Attribute> list(const TailnetId& tailnet, const DeviceId& device, TimePoint now) = 0;
  // What kind of value devices of the tailnet have under this key: a type_name(). Nothing when none has it.
  virtual std::optional<std::string> type_of(const TailnetId& tailnet, std::string_view key) = 0;

  virtual void set(const TailnetId& tailnet, const DeviceId& device, const Attribute& attribute,
                   const audit::Act& act) = 0;
  // False when there is none; nothing is written then.
  virtual bool remove(const TailnetId& tailnet, const DeviceId& device, std::string_view key,
                      const audit::Act& act) = 0;
  // Expiry is no act: it was decided when the attribute was set.
  virtual void remove_expired(const TailnetId& tailnet, TimePoint now) = 0;
};

}  // namespace latchkey::tailnet
