// Which credentials are meant, as one text: people write it, the API takes it, the audit log keeps it.
//
//   type:auth owner:mira@example.com tag:tag:ci created>2026-01-01 used>2h from:203.0.113.0/24 -id:k...CNTRL
//
//   type:       auth, api, client, federated, scim, or access-token (what a trust credential mints)
//   owner:      for whom it acts: a login name or an id; or tailnet, for what the tailnet owns
//   creator:    who made it
//   user:       who owns it or made it
//   tag:        a tag that it carries or may give
//   from:       an address or network that it was last used from, or that the log names with an act of it
//   made-with:  the id of the credential by which it was made
//   id:         itself
//   created> created< used> used<   at or after a time, and before it; used:never
//
// Terms stand apart by spaces. Those of one field are alternatives, different fields must all fit, and a term
// with a minus in front must not.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/credentials/credential.h"
#include "core/policy/address.h"

namespace latchkey::credentials {

inline constexpr std::size_t kMaxKeyQuery = 2048;  // bytes
inline constexpr std::size_t kMaxKeyTerms = 64;

struct KeyQuery {
  enum class Field { type, user, owner, creator, tag, from, made_with, id };
  struct Term {
    Field field = Field::type;
    bool negated = false;
    std::string value;                      // as it is printed
    std::optional<UserId> user;             // of a person, once known; empty: the tailnet
    std::optional<policy::Prefix> network;  // of from:

    bool operator==(const Term&) const = default;
  };
  struct Window {
    std::optional<TimePoint> since;   // at or after
    std::optional<TimePoint> before;  // before

    bool operator==(const Window&) const = default;
  };

  std::vector<Term> terms;
  Window created;
  Window used;
  bool never_used = false;

  bool operator==(const KeyQuery&) const = default;
};

// Times are durations before `now`, dates, or in full. Refused: nothing at all, unknown fields, a value that
// its field does not take, the same bound twice. The message quotes the term, with keys taken out.
Result<KeyQuery> parse_key_query(std::string_view text, TimePoint now);

// The same query with its times in full, so that it means the same later.
std::string to_string(const KeyQuery& query);

// What a query may ask of a credential.
struct KeyFacts {
  const Credential& key;
  std::vector<std::string> addresses{};   // that the log names with acts of it
  std::vector<CredentialId> made_with{};  // by which it was made, and what had minted that
};
// People are compared by Term::user: find_keys.h looks them up.
bool matches(const KeyQuery& query, const KeyFacts& facts);

// Whether it asks for what only the log knows.
bool asks_the_log(const KeyQuery& query);

// The word of type: that fits.
std::string_view kind_of(const Credential& key);

}  // namespace latchkey::credentials
