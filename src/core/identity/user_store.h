// Where users are kept.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/audit/act.h"
#include "core/identity/user.h"

namespace latchkey::identity {

class UserStore {
 public:
  virtual ~UserStore() = default;

  virtual std::optional<User> find(const TailnetId& tailnet, const UserId& id) = 0;
  // Until this transaction ends he is not removed, so that what is made for him now ends with him. False when
  // he is gone.
  virtual bool hold(const TailnetId& tailnet, const UserId& id) = 0;
  virtual std::optional<User> find_by_login(const TailnetId& tailnet, std::string_view login_name) = 0;
  virtual std::optional<User> find_owner(const TailnetId& tailnet) = 0;
  virtual std::vector<User> list(const TailnetId& tailnet) = 0;

  // False when the login name is taken; nothing is written then.
  virtual bool insert(const User& user, const audit::Act& act) = 0;
  // Writes names, role and status. A user is read, then updated or removed once, in one transaction; where he
  // changed in between, on another replica, the store throws and the transaction is run again.
  enum class Written { done, login_taken };
  virtual Written update(const User& user, const audit::Act& act) = 0;
  virtual void remove(const User& user, const audit::Act& act) = 0;
  // Until the transaction ends nobody else changes or removes him; throws like update().
  virtual void hold(const User& user) = 0;
};

}  // namespace latchkey::identity
