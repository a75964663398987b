// A person with what is shown beside him: his devices, and when he or one of them was last here.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/identity/authorize.h"
#include "core/identity/user.h"
#include "core/tx.h"

namespace latchkey::credentials {

using MayListUsers = identity::Permit<identity::Operation::list_users>;
using MayReadUser = identity::Permit<identity::Operation::read_user>;

// Unseen for so long, an active person counts as idle.
inline constexpr days kIdleAfter{28};

struct UserView {
  identity::User user;
  std::size_t devices = 0;
  bool connected = false;  // one of his devices is
  std::optional<TimePoint>
      last_seen;  // now when connected; otherwise a device's last connection or a key's last use
};

// By login name.
std::vector<UserView> view_users(core::Tx& tx, const MayListUsers& may, TimePoint now);
Result<UserView> view_user(core::Tx& tx, const MayReadUser& may, const UserId& id, TimePoint now);

// "idle" is derived; the others are stored.
std::string_view status_of(const UserView& view, TimePoint now);

}  // namespace latchkey::credentials
