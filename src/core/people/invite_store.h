// Where open invites are kept: accepted and withdrawn ones are gone, those of a deleted inviter too.
#pragma once

#include <optional>
#include <vector>

#include "core/audit/act.h"
#include "core/people/invite.h"

namespace latchkey::people {

class InviteStore {
 public:
  virtual ~InviteStore() = default;

  virtual std::optional<Invite> find(const TailnetId& tailnet, const InviteId& id) = 0;
  virtual std::optional<Invite> find_by_code(const TailnetId& tailnet, const crypto::Digest& code) = 0;
  virtual std::vector<Invite> list(const TailnetId& tailnet) = 0;  // oldest first, expired ones too
  virtual void insert(const Invite& invite, const audit::Act& act) = 0;
  // Writes code, `linked` and `expires` of an invite that has the code `was`. False otherwise; nothing is
  // written then.
  virtual bool renew(const Invite& invite, const crypto::Digest& was, const audit::Act& act) = 0;
  // While it has this code: of several who take it out at once, one gets true.
  virtual bool remove(const Invite& invite, const audit::Act& act) = 0;
  // Those that expired. Nobody's act.
  virtual void forget_expired(const TailnetId& tailnet, TimePoint now) = 0;
};

}  // namespace latchkey::people
