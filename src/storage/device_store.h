// Devices in SQL.
#pragma once

#include "core/tailnet/device_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlDeviceStore final : public tailnet::DeviceStore {
 public:
  using Device = tailnet::Device;
  using Records = std::span<const audit::Record>;

  explicit SqlDeviceStore(UnitOfWork& work) : work_(work) {}

  std::optional<Device> find(const TailnetId& tailnet, const DeviceId& id) override;
  std::optional<Device> find_by_number(const TailnetId& tailnet, std::int64_t number) override;
  std::vector<Device> list(const TailnetId& tailnet) override;
  std::vector<tailnet::Device> list_of_user(const TailnetId& tailnet, const UserId& user) override;
  std::vector<std::string> names_like(const TailnetId& tailnet, std::string_view beginning) override;
  std::int64_t count_of_auth_key(const TailnetId& tailnet, const CredentialId& key) override;
  bool is_address_taken(const TailnetId& tailnet, std::string_view ipv4) override;
  std::optional<Device> find_by_node_key(std::string_view node_key) override;
  std::vector<Device> list_of_machine(std::string_view machine_key) override;

  Written insert(const Device& device, Records records, const audit::Change& change) override;
  Written update(const Device& device, Records records, const audit::Change& change) override;
  bool remove(const TailnetId& tailnet, const DeviceId& id, Records records,
              const audit::Change& change) override;

  void report(const TailnetId& tailnet, const DeviceId& id, const tailnet::DeviceReport& report,
              const audit::Change& change) override;
  bool set_connected(const TailnetId& tailnet, const DeviceId& id, std::string_view replica,
                     std::string_view replica_was, TimePoint at, const audit::Change& change) override;
  std::vector<Device> left_connected(TimePoint now, std::int64_t limit) override;

  std::vector<Device> ephemeral_gone_since(TimePoint before, std::int64_t limit) override;
  bool remove_if_gone(const Device& device, TimePoint before, Records records,
                      const audit::Change& change) override;
  std::vector<Device> expired_unannounced(TimePoint now, std::int64_t limit) override;
  std::vector<tailnet::Device> expiring_unwarned(TimePoint now, days within, std::int64_t limit) override;
  bool warn_of_expiry(const tailnet::Device& device, days within,
                      const std::optional<audit::Change>& change) override;
  void announce(const audit::Change& change) override { work_.announce(change); }
  bool announce_expiry(const Device& device, Records records, const audit::Change& change) override;

 private:
  // What another device has of what this one wants; `done` when nothing.
  Written conflict_of(const Device& device);
  // Takes the address that the row has now, and leaves the others. Throws TransactionConflict when a service
  // was quicker.
  void move_address(const tailnet::Device& device);
  // Records and announces if the last statement changed a row.
  bool told(Records records, const audit::Change& change);

  UnitOfWork& work_;
};

}  // namespace latchkey::storage
