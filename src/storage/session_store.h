// Sessions and one-time links in SQL.
#pragma once

#include "core/signon/session_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlSessionStore final : public signon::SessionStore {
 public:
  explicit SqlSessionStore(UnitOfWork& work) : work_(work) {}
  std::optional<signon::Session> find(const crypto::Digest& shown) override;
  std::optional<signon::Session> find(const TailnetId& tailnet, std::string_view id) override;
  std::vector<signon::Session> list(const TailnetId& tailnet, const UserId& user,
                                    std::int64_t limit) override;
  void insert(const signon::Session& session, const audit::Act& act) override;
  void touch(const signon::Session& session) override;
  bool renew(const signon::Session& session, const crypto::Digest& before, const audit::Act& act) override;
  bool remove(const signon::Session& session, const audit::Act& act) override;
  std::int64_t remove_of_provider(const TailnetId& tailnet, std::string_view provider) override;
  void put(const signon::LoginLink& link) override;
  std::optional<signon::LoginLink> take_link(const crypto::Digest& digest) override;
  void remove_links_of(const TailnetId& tailnet, const UserId& user) override;
  std::int64_t forget(TimePoint seen_before, TimePoint now, std::int64_t limit) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
