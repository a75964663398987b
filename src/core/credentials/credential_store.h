// Where credentials are kept. Every function names the tailnet, except the one that finds out which it is.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/audit/act.h"
#include "core/credentials/credential.h"
#include "core/identity/user.h"

namespace latchkey::credentials {

// A credential with what must be known of its owner to judge it. An owner that is gone has no user.
struct OwnedCredential {
  Credential credential;
  std::optional<identity::User> owner;
  std::optional<Credential> minter;  // of an access token
};

// Uses gathered in memory since the last flush.
struct UseTally {
  TailnetId tailnet;
  CredentialId id;
  Usage added;  // counts to add; times and address replace older ones
};

// What one machine did with one auth key, so that a retried join does not burn a second use.
struct Redemption {
  TailnetId tailnet;
  CredentialId credential;
  std::string machine;  // the device's machine key, as text
  TimePoint at{};
};

class CredentialStore {
 public:
  virtual ~CredentialStore() = default;

  virtual std::optional<Credential> find(const TailnetId& tailnet, const CredentialId& id) = 0;
  // For authentication, where the presented id is all that is known: it leads to the tailnet. Ids are unique
  // over all tailnets.
  virtual std::optional<OwnedCredential> find_for_authentication(const CredentialId& id) = 0;
  // Neither revoked, spent nor expired at `now`; newest first. An owner restricts to what that user owns.
  virtual std::vector<Credential> list_valid(const TailnetId& tailnet, std::optional<UserId> owner,
                                             TimePoint now, std::int64_t limit) = 0;
  // The same, narrowed: each bound that is there must fit. Times are at or after, and before.
  struct Bounds {
    std::optional<KeyType> type;
    std::optional<UserId> person;  // its owner or its creator
    std::string tag;               // empty: whatever it carries; more than what carries it may come
    std::optional<TimePoint> created_since, created_before;
    std::optional<TimePoint> used_since, used_before;
  };
  virtual std::vector<Credential> list_within(const TailnetId& tailnet, const Bounds& bounds, TimePoint now,
                                              std::int64_t limit) = 0;

  // The one that has not ended.
  virtual std::optional<Credential> find_scim_key(const TailnetId& tailnet) = 0;

  virtual void insert(const Credential& credential, const audit::Act& act) = 0;
  // What can change of a trust credential: description, scopes, tags, bounds, secrets. False when it has
  // ended or does not exist; nothing is written then.
  virtual bool update(const Credential& credential, TimePoint now, const audit::Act& act) = 0;
  // Counts a use of a trust credential, by its old secret or not, if it has not ended at `now`; false
  // otherwise. Until the transaction ends nobody else changes it.
  struct TrustUse {
    TailnetId tailnet;
    CredentialId id;
    TimePoint at{};
    std::string address;
    bool by_old_secret = false;
  };
  virtual bool use_trust_credential(const TrustUse& use) = 0;
  // Remembers that a token of an issuer was used, until it has expired. False when it had been.
  virtual bool remember_token(const TailnetId& tailnet, const CredentialId& id, const crypto::Digest& token,
                              TimePoint until) = 0;
  virtual std::int64_t forget_tokens(TimePoint before, std::int64_t limit) = 0;
  // Not a change of configuration: no act but the record of the refusal.
  virtual void note_refusal(const TailnetId& tailnet, const CredentialId& id, const LastRefusal& refusal) = 0;
  // Ends the access tokens that it minted. Returns how many.
  virtual std::int64_t revoke_minted(const TailnetId& tailnet, const CredentialId& minter, TimePoint now) = 0;
  // False when it was revoked before or does not exist; nothing is written then.
  virtual bool revoke(const TailnetId& tailnet, const CredentialId& id, TimePoint now,
                      const audit::Act& act) = 0;

  // One conditional write: counts a use if the key is neither revoked, spent, expired nor used up at `now`,
  // and remembers the machine. The last allowed use sets `spent` and writes `when_spent`. Nothing when
  // refused.
  struct Spend {
    std::int64_t uses = 0;
    bool spent = false;
  };
  virtual std::optional<Spend> spend(const Redemption& redemption, const audit::Act& when_spent) = 0;
  // Whether this machine redeemed the key at or after `since`.
  virtual bool has_redeemed(const TailnetId& tailnet, const CredentialId& id, std::string_view machine,
                            TimePoint since) = 0;

  // Usage is not a change of configuration: no act. What was before, for each tally whose credential exists.
  struct UsageBefore {
    std::int64_t uses = 0;
    std::optional<TimePoint> last_used;
    bool is_minted = false;  // an access token of a trust credential
  };
  virtual std::optional<UsageBefore> add_usage(const UseTally& tally) = 0;
  // How often its true secret was refused lately (watch.h). Nothing when it does not exist.
  struct Refusals {
    std::optional<TimePoint> from;  // of the present window
    std::int64_t count = 0;         // since then
    std::optional<TimePoint> told;
  };
  virtual std::optional<Refusals> refusals(const TailnetId& tailnet, const CredentialId& id) = 0;
  virtual void set_refusals(const TailnetId& tailnet, const CredentialId& id, const Refusals& refusals) = 0;
  // What is told by the feed alone.
  virtual void announce(const audit::Change& change) = 0;

  // Not ended at `now`, which expire within so many days, were made for longer than that, and were not warned
  // of it or only of a longer time. Not the access tokens of trust credentials.
  virtual std::vector<Credential> expiring_unwarned(TimePoint now, days within, std::int64_t limit) = 0;
  // Remembers that it was. False when another replica was first or it has ended.
  virtual bool warn_of_expiry(const TailnetId& tailnet, const CredentialId& id, days within,
                              const audit::Change& change) = 0;

  // Expired at `now` and not yet announced, oldest first. Not the access tokens of trust credentials: those
  // end within the hour, and their going is no news.
  virtual std::vector<Credential> expired_unannounced(TimePoint now, std::int64_t limit) = 0;
  // False when another replica was first.
  virtual bool announce_expiry(const TailnetId& tailnet, const CredentialId& id, TimePoint now,
                               const audit::Act& act) = 0;
  // Removes access tokens of trust credentials that expired before `before`. Returns how many.
  virtual std::int64_t purge_minted(TimePoint before, std::int64_t limit) = 0;
  // Removes credentials that were revoked, spent or expired before `before`, and what is remembered of their
  // use. Returns how many.
  virtual std::int64_t purge_ended(TimePoint before, std::int64_t limit) = 0;
};

}  // namespace latchkey::credentials
