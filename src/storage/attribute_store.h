// Custom attributes of devices in SQL. They go with their device.
#pragma once

#include "core/tailnet/attribute_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlAttributeStore final : public tailnet::AttributeStore {
 public:
  explicit SqlAttributeStore(UnitOfWork& work) : work_(work) {}
  std::vector<tailnet::Attribute> list(const TailnetId& tailnet, const DeviceId& device,
                                       TimePoint now) override;
  std::optional<std::string> type_of(const TailnetId& tailnet, std::string_view key) override;
  void set(const TailnetId& tailnet, const DeviceId& device, const tailnet::Attribute& attribute,
           const audit::Act& act) override;
  bool remove(const TailnetId& tailnet, const DeviceId& device, std::string_view key,
              const audit::Act& act) override;
  void remove_expired(const TailnetId& tailnet, TimePoint now) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
