// Settings, DNS configurations and contacts in SQL: a row for each tailnet that has changed them.
#pragma once

#include "core/tailnet/settings_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlSettingsStore final : public tailnet::SettingsStore {
 public:
  explicit SqlSettingsStore(UnitOfWork& work) : work_(work) {}
  void hold(const TailnetId& tailnet) override;
  tailnet::TailnetSettings settings(const TailnetId& tailnet) override;
  tailnet::DnsConfiguration dns(const TailnetId& tailnet) override;
  tailnet::Contacts contacts(const TailnetId& tailnet) override;
  void save(const TailnetId& tailnet, const tailnet::TailnetSettings& settings,
            std::span<const audit::Record> records, const audit::Change& change) override;
  void save(const TailnetId& tailnet, const tailnet::DnsConfiguration& dns,
            std::span<const audit::Record> records, const audit::Change& change) override;
  void save(const TailnetId& tailnet, const tailnet::Contacts& contacts,
            std::span<const audit::Record> records, const audit::Change& change) override;

 private:
  void record(std::span<const audit::Record> records, const audit::Change& change);

  UnitOfWork& work_;
};

}  // namespace latchkey::storage
