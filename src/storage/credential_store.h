// Credentials in SQL.
#pragma once

#include "core/credentials/credential_store.h"
#include "storage/unit_of_work.h"

namespace latchkey::storage {

class SqlCredentialStore final : public credentials::CredentialStore {
 public:
  explicit SqlCredentialStore(UnitOfWork& work) : work_(work) {}

  std::optional<credentials::Credential> find(const TailnetId& tailnet, const CredentialId& id) override;
  std::optional<credentials::OwnedCredential> find_for_authentication(const CredentialId& id) override;
  std::vector<credentials::Credential> list_valid(const TailnetId& tailnet, std::optional<UserId> owner,
                                                  TimePoint now, std::int64_t limit) override;
  std::vector<credentials::Credential> list_within(const TailnetId& tailnet, const Bounds& bounds,
                                                   TimePoint now, std::int64_t limit) override;
  std::optional<credentials::Credential> find_scim_key(const TailnetId& tailnet) override;
  void insert(const credentials::Credential& credential, const audit::Act& act) override;
  bool update(const credentials::Credential& credential, TimePoint now, const audit::Act& act) override;
  bool use_trust_credential(const TrustUse& use) override;
  bool remember_token(const TailnetId& tailnet, const CredentialId& id, const crypto::Digest& token,
                      TimePoint until) override;
  std::int64_t forget_tokens(TimePoint before, std::int64_t limit) override;
  void note_refusal(const TailnetId& tailnet, const CredentialId& id,
                    const credentials::LastRefusal& refusal) override;
  std::int64_t revoke_minted(const TailnetId& tailnet, const CredentialId& minter, TimePoint now) override;
  bool revoke(const TailnetId& tailnet, const CredentialId& id, TimePoint now,
              const audit::Act& act) override;
  std::optional<Spend> spend(const credentials::Redemption& redemption,
                             const audit::Act& when_spent) override;
  bool has_redeemed(const TailnetId& tailnet, const CredentialId& id, std::string_view machine,
                    TimePoint since) override;
  std::optional<UsageBefore> add_usage(const credentials::UseTally& tally) override;
  std::optional<Refusals> refusals(const TailnetId& tailnet, const CredentialId& id) override;
  void set_refusals(const TailnetId& tailnet, const CredentialId& id, const Refusals& refusals) override;
  void announce(const audit::Change& change) override { work_.announce(change); }
  std::vector<credentials::Credential> expiring_unwarned(TimePoint now, days within,
                                                         std::int64_t limit) override;
  bool warn_of_expiry(const TailnetId& tailnet, const CredentialId& id, days within,
                      const audit::Change& change) override;
  std::vector<credentials::Credential> expired_unannounced(TimePoint now, std::int64_t limit) override;
  bool announce_expiry(const TailnetId& tailnet, const CredentialId& id, TimePoint now,
                       const audit::Act& act) override;
  std::int64_t purge_minted(TimePoint before, std::int64_t limit) override;
  std::int64_t purge_ended(TimePoint before, std::int64_t limit) override;

 private:
  UnitOfWork& work_;
};

}  // namespace latchkey::storage
