// Where services are kept. Their IPv4 addresses come from the devices' pool: what one of either holds, no
// other gets.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/audit/act.h"
#include "core/services/service.h"

namespace latchkey::services {

class ServiceStore {
 public:
  virtual ~ServiceStore() = default;

  virtual std::vector<Service> list(const TailnetId& tailnet) = 0;  // sorted by name
  virtual std::int64_t count(const TailnetId& tailnet) = 0;
  virtual std::optional<Service> find(const TailnetId& tailnet, std::string_view name) = 0;

  // What a service or a device has already; nothing is written then.
  enum class Written { done, name_taken, ipv4_taken, ipv6_taken };
  virtual Written insert(const Service& service, const audit::Act& act) = 0;
  // `name` is what it is called until now. Throws when there is none: it is read before, in the same
  // transaction.
  virtual Written update(std::string_view name, const Service& service, const audit::Act& act) = 0;
  // False when it does not exist; nothing is written then.
  virtual bool remove(const TailnetId& tailnet, std::string_view name, const audit::Act& act) = 0;
};

}  // namespace latchkey::services
