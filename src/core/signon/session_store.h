// Where sessions and one-time links are kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/audit/act.h"
#include "core/signon/session.h"

namespace latchkey::signon {

// Lets its holder in once, as one person.
struct LoginLink {
  crypto::Digest digest{};
  TailnetId tailnet;
  UserId user;
  TimePoint created{};
  TimePoint expires{};
};

class SessionStore {
 public:
  virtual ~SessionStore() = default;

  // By the text's digest, also by the one before the last renewal. Also those that are over.
  virtual std::optional<Session> find(const crypto::Digest& shown) = 0;
  virtual std::optional<Session> find(const TailnetId& tailnet, std::string_view id) = 0;
  // Oldest first, of one person or, with an empty id, of the tailnet; at most `limit`.
  virtual std::vector<Session> list(const TailnetId& tailnet, const UserId& user, std::int64_t limit) = 0;
  virtual void insert(const Session& session, const audit::Act& act) = 0;
  // Writes when and from where it was last used: no configuration, no record.
  virtual void touch(const Session& session) = 0;
  // Writes digests, renewal and role. False when somebody else renewed or ended it meanwhile.
  virtual bool renew(const Session& session, const crypto::Digest& before, const audit::Act& act) = 0;
  // False when it is gone; nothing is written then.
  virtual bool remove(const Session& session, const audit::Act& act) = 0;
  // Those of a provider. Returns how many.
  virtual std::int64_t remove_of_provider(const TailnetId& tailnet, std::string_view provider) = 0;

  virtual void put(const LoginLink& link) = 0;
  // Ends it: the second who asks gets nothing. Also expired ones.
  virtual std::optional<LoginLink> take_link(const crypto::Digest& digest) = 0;
  virtual void remove_links_of(const TailnetId& tailnet, const UserId& user) = 0;

  // Sessions and links whose time is over, at most `limit` of each. Returns the larger number.
  virtual std::int64_t forget(TimePoint seen_before, TimePoint now, std::int64_t limit) = 0;
};

}  // namespace latchkey::signon
