// Open invites in SQL.
#pragma once

#include "core/people/invite_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlInviteStore final : public people::InviteStore {
 public:
  explicit SqlInviteStore(UnitOfWork& work) : work_(work) {}
  std::optional<people::Invite> find(const TailnetId& tailnet, const InviteId& id) override;
  std::optional<people::Invite> find_by_code(const TailnetId& tailnet, const crypto::Digest& code) override;
  std::vector<people::Invite> list(const TailnetId& tailnet) override;
  void insert(const people::Invite& invite, const audit::Act& act) override;
  bool renew(const people::Invite& invite, const crypto::Digest& was, const audit::Act& act) override;
  bool remove(const people::Invite& invite, const audit::Act& act) override;
  void forget_expired(const TailnetId& tailnet, TimePoint now) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
