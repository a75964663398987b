// Where providers, logins under way and the links of identities are kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/audit/act.h"
#include "core/signon/linking.h"
#include "core/signon/provider.h"
#include "crypto/digest.h"

namespace latchkey::signon {

// Between the redirect to the provider and the answer; used once.
struct SignOnAttempt {
  crypto::Digest state{};
  crypto::Digest browser{};  // that began it
  TailnetId tailnet;
  std::string provider;
  std::string next;  // where the person wanted to go: a path of this server
  TimePoint created{};
  TimePoint expires{};
};

// That an identity is a person.
struct IdentityLink {
  TailnetId tailnet;
  std::string issuer;
  std::string subject;
  UserId user;
  LinkRule rule = LinkRule::linked;
  TimePoint created{};
};

class SignOnStore {
 public:
  virtual ~SignOnStore() = default;

  virtual std::vector<Provider> providers(const TailnetId& tailnet) = 0;  // sorted by id
  virtual std::optional<Provider> provider(const TailnetId& tailnet, std::string_view id) = 0;
  // False when the id or the issuer is taken; nothing is written then.
  virtual bool insert(const Provider& provider, const audit::Act& act) = 0;
  // Both: false when it does not exist; nothing is written then. The issuer stays as it is. Logins under way
  // go with a provider that is removed.
  virtual bool update(const Provider& provider, const audit::Act& act) = 0;
  virtual bool remove_provider(const TailnetId& tailnet, std::string_view id, const audit::Act& act) = 0;

  virtual void put(const SignOnAttempt& attempt) = 0;
  // Ends it: the second who asks gets nothing. Also expired ones.
  virtual std::optional<SignOnAttempt> take_attempt(const crypto::Digest& state) = 0;
  virtual std::int64_t attempts() = 0;
  virtual std::int64_t attempts_of(const crypto::Digest& browser) = 0;
  virtual void drop_oldest_attempt(const crypto::Digest& browser) = 0;
  virtual void remove_expired_attempts(TimePoint now) = 0;

  virtual std::optional<IdentityLink> link(const TailnetId& tailnet, std::string_view issuer,
                                           std::string_view subject) = 0;
  virtual std::vector<IdentityLink> links_of(const TailnetId& tailnet, const UserId& user) = 0;
  // False when the identity is linked already; nothing is written then.
  virtual bool insert(const IdentityLink& link, const audit::Act& act) = 0;
  virtual void remove_link(const IdentityLink& link, const audit::Act& act) = 0;
};

}  // namespace latchkey::signon
