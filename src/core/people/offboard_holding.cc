#include "core/people/offboard_holding.h"

#include <stdexcept>

namespace latchkey::people {
namespace {

struct Row {
  HoldingKind kind;
  std::string_view name;
  Fate suspended;
  Fate deleted;
  std::string_view breakage;
  std::string_view advice;
};

// Words are on the wire and in the audit log: they never change.
constexpr Row kRows[] = {
    {HoldingKind::device, "device", Fate::stops, Fate::ends, "it is off the network, with what it serves",
     "hand it over or tag it when others rest on it"},
    {HoldingKind::tagged_device, "taggedDevice", Fate::goes_on, Fate::goes_on,
     "nothing: it belongs to the tailnet", "remove it when it was his alone"},
    {HoldingKind::api_token, "apiToken", Fate::stops, Fate::ends,
     "scripts that call the API with it are refused", "give scripts an OAuth client first"},
    {HoldingKind::auth_key, "authKey", Fate::stops, Fate::ends,
     "no device joins with it any more; those that did stay",
     "replace it where images and pipelines join with it"},
    {HoldingKind::client, "client", Fate::goes_on, Fate::goes_on,
     "whatever mints access tokens with its secret is refused, and so are those tokens",
     "rotate its secret: he may have copied it"},
    {HoldingKind::identity, "identity", Fate::goes_on, Fate::goes_on,
     "workloads that exchange their tokens are refused", "check whose tokens it trusts"},
    {HoldingKind::scim_key, "scimKey", Fate::goes_on, Fate::goes_on,
     "the identity provider no longer provisions anybody", "generate another: he may have copied it"},
    {HoldingKind::webhook, "webhook", Fate::goes_on, Fate::goes_on, "its receiver is told nothing any more",
     "rotate its secret: he may have copied it"},
    {HoldingKind::invite, "invite", Fate::stops, Fate::ends, "nobody comes in by its link any more",
     "have somebody else invite who is still to come"},
    {HoldingKind::session, "session", Fate::stops, Fate::ends, "his browser is signed out",
     "nothing: it is refused from the same moment"},
    {HoldingKind::group, "group", Fate::remains, Fate::ends,
     "he has no more what the policy file gives to the group", "take him out at the identity provider"},
    {HoldingKind::policy, "policy", Fate::remains, Fate::remains,
     "nothing; who gets his login name later gets the access too", "take him out of the policy file"},
    {HoldingKind::contact, "contact", Fate::remains, Fate::remains, "nobody reads what is sent there",
     "name somebody else"},
    {HoldingKind::ownership, "ownership", Fate::forbids, Fate::forbids, "a tailnet has exactly one owner",
     "transfer it to somebody else"},
};

const Row& row_of(HoldingKind kind) {
  for (const auto& row : kRows) {
    if (row.kind == kind) return row;
  }
  throw std::logic_error("a kind of holding without a row in the table");
}

}  // namespace

std::string_view to_string(HoldingKind kind) {
  return row_of(kind).name;
}

std::string_view to_string(Fate fate) {
  switch (fate) {
    case Fate::ends:
      return "ends";
    case Fate::stops:
      return "stops";
    case Fate::goes_on:
      return "goesOn";
    case Fate::remains:
      return "remains";
    case Fate::forbids:
      return "forbids";
  }
  return "";
}

Fate fate_of(HoldingKind kind, Leaving leaving) {
  const auto& row = row_of(kind);
  return leaving == Leaving::suspended ? row.suspended : row.deleted;
}

std::string breakage_of(const Holding& holding) {
  return std::string(row_of(holding.kind).breakage);
}

std::string advice_on(const Holding& holding) {
  // What nobody else uses, and nobody used at all, needs no successor.
  const bool idle = !holding.last_used && holding.users == 0;
  if (idle && (holding.kind == HoldingKind::api_token || holding.kind == HoldingKind::auth_key)) {
    return "nothing: it was never used";
  }
  if (idle && holding.kind == HoldingKind::client) return "revoke it: it was never used";
  return std::string(row_of(holding.kind).advice);
}

}  // namespace latchkey::people
