// What rests on a person, all of it but his sessions, before he leaves.
#pragma once

#include <string>
#include <vector>

#include "core/identity/authorize.h"
#include "core/identity/user.h"
#include "core/people/offboard_holding.h"
#include "core/tx.h"

namespace latchkey::people {

using MayPreviewOffboarding = identity::Permit<identity::Operation::preview_offboarding>;

inline constexpr std::size_t kMostHoldings = 10'000;

struct OffboardPreview {
  identity::User user;
  std::vector<Holding> holdings;
  // Of the person's role and status and all holdings, not of when they were used last: what is done later is
  // done to what was shown.
  std::string fingerprint;
};

// not_found: nobody here has this id. Malformed: more than kMostHoldings.
Result<OffboardPreview> preview_offboarding(core::Tx& tx, const MayPreviewOffboarding& may, const UserId& id,
                                            TimePoint now);

namespace detail {
// For the use case that acts on it.
Result<OffboardPreview> preview_of(core::Tx& tx, const TailnetId& tailnet, const UserId& id, TimePoint now);
}  // namespace detail

}  // namespace latchkey::people
