// Where pending logins are kept. They belong to no tailnet yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/audit/change.h"
#include "core/join/pending_login.h"

namespace latchkey::join {

class PendingLoginStore {
 public:
  virtual ~PendingLoginStore() = default;

  // Also expired ones.
  virtual std::optional<PendingLogin> find(std::string_view id) = 0;
  // In all, and of devices that come from this address.
  virtual std::int64_t count() = 0;
  virtual std::int64_t count_of_address(std::string_view address) = 0;

  // In place of the one with the same node key.
  virtual void put(const PendingLogin& login) = 0;
  // The change tells those who wait for it.
  virtual void remove(std::string_view id, const audit::Change& change) = 0;
  virtual void remove_expired(TimePoint now) = 0;
};

}  // namespace latchkey::join
