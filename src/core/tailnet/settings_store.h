// Where a tailnet's settings, DNS configuration and contacts are kept. What was never written has the
// defaults of its type.
#pragma once

#include <span>

#include "core/audit/act.h"
#include "core/tailnet/contacts.h"
#include "core/tailnet/dns.h"
#include "core/tailnet/settings.h"

namespace latchkey::tailnet {

class SettingsStore {
 public:
  virtual ~SettingsStore() = default;

  // Until this transaction ends, nobody else changes what this store keeps for the tailnet. Comes before
  // reading what will be changed, so that two changes to different members both stay.
  virtual void hold(const TailnetId& tailnet) = 0;

  virtual TailnetSettings settings(const TailnetId& tailnet) = 0;
  virtual DnsConfiguration dns(const TailnetId& tailnet) = 0;
  // Without the defaults: empty where nobody set an address.
  virtual Contacts contacts(const TailnetId& tailnet) = 0;

  // Each writes the whole, with all the records of the act and one feed entry.
  virtual void save(const TailnetId& tailnet, const TailnetSettings& settings,
                    std::span<const audit::Record> records, const audit::Change& change) = 0;
  virtual void save(const TailnetId& tailnet, const DnsConfiguration& dns,
                    std::span<const audit::Record> records, const audit::Change& change) = 0;
  virtual void save(const TailnetId& tailnet, const Contacts& contacts,
                    std::span<const audit::Record> records, const audit::Change& change) = 0;
};

}  // namespace latchkey::tailnet
