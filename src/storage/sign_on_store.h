// Providers, logins under way and identity links in SQL.
#pragma once

#include "core/signon/sign_on_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlSignOnStore final : public signon::SignOnStore {
 public:
  explicit SqlSignOnStore(UnitOfWork& work) : work_(work) {}
  std::vector<signon::Provider> providers(const TailnetId& tailnet) override;
  std::optional<signon::Provider> provider(const TailnetId& tailnet, std::string_view id) override;
  bool insert(const signon::Provider& provider, const audit::Act& act) override;
  bool update(const signon::Provider& provider, const audit::Act& act) override;
  bool remove_provider(const TailnetId& tailnet, std::string_view id, const audit::Act& act) override;
  void put(const signon::SignOnAttempt& attempt) override;
  std::optional<signon::SignOnAttempt> take_attempt(const crypto::Digest& state) override;
  std::int64_t attempts() override;
  std::int64_t attempts_of(const crypto::Digest& browser) override;
  void drop_oldest_attempt(const crypto::Digest& browser) override;
  void remove_expired_attempts(TimePoint now) override;
  std::optional<signon::IdentityLink> link(const TailnetId& tailnet, std::string_view issuer,
                                           std::string_view subject) override;
  std::vector<signon::IdentityLink> links_of(const TailnetId& tailnet, const UserId& user) override;
  bool insert(const signon::IdentityLink& link, const audit::Act& act) override;
  void remove_link(const signon::IdentityLink& link, const audit::Act& act) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
