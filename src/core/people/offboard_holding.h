// What rests on a person when he leaves: what he has, and what he made for the tailnet. A holding says what
// becomes of it by itself, who else uses it, and what is advised.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace latchkey::people {

// On the wire and in the audit log: device, taggedDevice, apiToken, authKey, client, identity, scimKey,
// webhook, invite, session, group, policy, contact, ownership.
enum class HoldingKind {
  device,         // his own
  tagged_device,  // the tailnet's, that joined with an auth key of his
  api_token,
  auth_key,
  client,
  identity,
  scim_key,
  webhook,
  invite,     // open, that he made
  session,    // in a browser
  group,      // that an identity provider keeps him in
  policy,     // a place of the policy file that names him
  contact,    // he is written to about the tailnet
  ownership,  // he is the tailnet's owner
};
std::string_view to_string(HoldingKind kind);

// On the wire: ends, stops, goesOn, remains, forbids.
enum class Fate {
  ends,     // for good
  stops,    // and comes back with him
  goes_on,  // works as before, also for whoever copied its secret
  remains,  // says something that is no longer so
  forbids,  // he cannot leave before it is settled
};
std::string_view to_string(Fate fate);

enum class Leaving { suspended, deleted };
// What becomes of it when nothing else is chosen.
Fate fate_of(HoldingKind kind, Leaving leaving);

struct Holding {
  HoldingKind kind = HoldingKind::device;
  std::string id;      // of the thing; of a mention its path, of a contact its kind
  std::string name;    // as people know it
  std::string detail;  // what it does or may do
  std::optional<TimePoint> last_used;
  std::string last_used_from;
  std::vector<std::string> used_by;  // who else rests on it: at most kMostUsersNamed
  std::size_t users = 0;             // how many there are
};
inline constexpr std::size_t kMostUsersNamed = 20;

// One sentence each: what stops working when it ends, and what to do with it.
std::string breakage_of(const Holding& holding);
std::string advice_on(const Holding& holding);

}  // namespace latchkey::people
