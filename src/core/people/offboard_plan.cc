#include "core/people/offboard_plan.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace latchkey::people {
namespace {

constexpr std::array<std::pair<std::string_view, HoldingKind>, 4> kMade{
    {{"clients", HoldingKind::client},
     {"identities", HoldingKind::identity},
     {"webhooks", HoldingKind::webhook},
     {"scim-key", HoldingKind::scim_key}}};

bool is_made(const Holding& holding) {
  return std::ranges::any_of(kMade, [&](const auto& row) { return row.second == holding.kind; });
}

std::optional<HoldingKind> kind_from(std::string_view word) {
  const auto* found = std::ranges::find(kMade, word, &std::pair<std::string_view, HoldingKind>::first);
  return found == kMade.end() ? std::nullopt : std::optional(found->second);
}

bool holds(const std::vector<Holding>& list, const Holding& holding) {
  return std::ranges::any_of(
      list, [&](const Holding& other) { return other.kind == holding.kind && other.id == holding.id; });
}

// What the words mean of what he made. A kind of which there is nothing means nothing; an id must be there.
std::vector<Holding> chosen(const OffboardPreview& preview, const std::vector<std::string>& words,
                            std::string_view field, std::vector<Error>& wrong) {
  std::vector<Holding> list;
  for (const auto& word : words) {
    const auto kind = kind_from(word);
    bool found = kind.has_value();
    for (const auto& holding : preview.holdings) {
      if (!is_made(holding) || (kind ? holding.kind != *kind : holding.id != word)) continue;
      found = true;
      if (!holds(list, holding)) list.push_back(holding);
    }
    if (found) continue;
    constexpr std::size_t kMostQuoted = 80;
    wrong.push_back(malformed(std::string(field) +
                                  " takes clients, identities, webhooks, scim-key, or the "
                                  "id of one that he made; not " +
                                  storable(clip(redact_keys(word), kMostQuoted)),
                              std::string(field)));
  }
  return list;
}

void check_ownership(const OffboardPreview& preview, const OffboardChoices& choices,
                     std::vector<Error>& wrong) {
  const bool owns = preview.user.role == identity::Role::owner;
  if (owns && choices.new_owner.empty()) {
    wrong.push_back(conflict("he is the tailnet's owner: name a new one"));
  }
  if (!owns && !choices.new_owner.empty()) {
    wrong.push_back(malformed("newOwner is for the tailnet's owner, and he is not", "newOwner"));
  }
}

}  // namespace

Error all_of(std::vector<Error> errors) {
  std::ranges::stable_partition(errors, [](const Error& one) { return one.code == ErrorCode::forbidden; });
  Error whole = errors.front();
  if (errors.size() == 1) return whole;
  whole.message = "nothing was changed";
  whole.fields.clear();
  std::string_view before = ": ";
  for (const auto& error : errors) {
    whole.message += std::string(before) + error.message;
    whole.fields.insert(whole.fields.end(), error.fields.begin(), error.fields.end());
    before = "; ";
  }
  return whole;
}

Result<OffboardPlan> plan_offboarding(const OffboardPreview& preview, const OffboardChoices& choices) {
  std::vector<Error> wrong;
  OffboardPlan plan;
  check_ownership(preview, choices, wrong);
  if (!choices.hand_over_to.empty() && !choices.tags.empty()) {
    wrong.push_back(malformed("devices are handed over or tagged, not both", "tags"));
  }
  plan.revoke = chosen(preview, choices.revoke, "revoke", wrong);
  plan.rotate = chosen(preview, choices.rotate, "rotate", wrong);
  for (const auto& holding : plan.rotate) {
    if (holding.kind == HoldingKind::identity) {
      wrong.push_back(malformed(
          "a federated identity has no secret to rotate: revoke " + holding.id + " or keep it", "rotate"));
    }
    if (holding.kind == HoldingKind::scim_key) {
      wrong.push_back(malformed(
          "the SCIM key is not rotated here: revoke it, or generate another with latchkey scim generate-key",
          "rotate"));
    }
    if (holds(plan.revoke, holding)) {
      wrong.push_back(malformed(holding.id + " is to be revoked and rotated: one of the two", "rotate"));
    }
  }
  const bool moved = !choices.hand_over_to.empty() || !choices.tags.empty();
  for (const auto& holding : preview.holdings) {
    const bool moves = moved && holding.kind == HoldingKind::device;
    if (moves) plan.devices.push_back(holding);
    const auto fate = fate_of(holding.kind, choices.leaving);
    const bool lives = moves || fate == Fate::goes_on || fate == Fate::remains;
    if (lives && !holds(plan.revoke, holding)) plan.going_on.push_back(holding);
  }
  if (!wrong.empty()) return all_of(std::move(wrong));
  return plan;
}

}  // namespace latchkey::people
