#include "core/policy/manage.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "base/text.h"
#include "core/identity/user_store.h"
#include "core/policy/policy_store.h"
#include "core/policy/synced_group.h"

namespace latchkey::policy {
namespace {

constexpr std::string_view kStandardHash = "ts-default";

Result<void> check_expected(const Policy& policy, const std::optional<std::string>& expected) {
  if (!expected) return {};
  const bool holds = *expected == kStandardHash ? policy.is_standard() : *expected == policy.hash();
  if (!holds) return precondition_failed(std::string(kWrongHash));
  return {};
}

Result<std::vector<TestFailure>> failures(core::Tx& tx, const TailnetId& tailnet, const Policy& policy,
                                          const std::vector<Test>& tests, std::span<const PolicyNode> nodes) {
  if (tests.empty()) return std::vector<TestFailure>{};
  const auto users = tx.users().list(tailnet);
  return run_tests(policy, tests, {users, nodes});
}

audit::Act act_of(const MayWrite& may, const Policy& was, const Policy& is, TimePoint now) {
  audit::Target target;
  target.id = may.tailnet().str();
  target.name = may.tailnet().str();
  target.type = audit::TargetType::tailnet;
  target.property = "ACL";
  audit::Act act;
  act.change = {audit::ChangeKind::policy_updated, may.tailnet(), may.tailnet().str(), 0, now};
  act.record = identity::record_by(may.caller(), audit::Action::update, std::move(target), now);
  act.record.old_value = clip(was.text(), kMaxAuditedText);
  act.record.new_value = clip(is.text(), kMaxAuditedText);
  const bool clipped = was.text().size() > kMaxAuditedText || is.text().size() > kMaxAuditedText;
  if (clipped) act.record.details = "texts are cut after " + std::to_string(kMaxAuditedText) + " bytes";
  return act;
}

// The record holds the beginnings of long texts; who tells of the change needs all of them.
void keep_long_texts(core::Tx& tx, const audit::Act& act, const Policy& was, const Policy& is) {
  if (was.text().size() <= kMaxAuditedText && is.text().size() <= kMaxAuditedText) return;
  tx.policies().keep_texts(act.record.tailnet, act.record.group_id, {was.text(), is.text()}, act.record.at);
}

void add_unknown(const Selector& selector, std::string_view where, const std::set<std::string>& known,
                 std::set<std::string>& found) {
  if (selector.kind != Selector::Kind::user || known.contains(selector.name)) return;
  found.insert("\"" + std::string(where) + "\": user not found: \"" + selector.name + "\"");
}

}  // namespace

Policy current_policy(core::Tx& tx, const TailnetId& tailnet) {
  auto text = tx.policies().find(tailnet);
  if (!text) return Policy::standard();
  auto parsed = Policy::parse(*std::move(text));
  if (!parsed) throw std::runtime_error("the stored policy file is not valid: " + parsed.error().message);
  return with_synced_groups(tx, tailnet, *parsed);
}

Result<Policy> parse_policy(core::Tx& tx, const MayRead& may, std::string text) {
  TRY(const auto policy, Policy::parse(std::move(text)));
  return with_synced_groups(tx, may.tailnet(), policy);
}

Policy read_policy(core::Tx& tx, const MayRead& may) {
  return current_policy(tx, may.tailnet());
}

std::vector<std::string> warnings(core::Tx& tx, const MayRead& may, const Policy& policy) {
  std::set<std::string> known;
  for (const auto& user : tx.users().list(may.tailnet())) known.insert(to_lower(user.login_name));
  std::set<std::string> found;
  for (const auto& [group, members] : policy.groups()) {
    for (const auto& login : members) {
      add_unknown({.kind = Selector::Kind::user, .name = login}, group, known, found);
    }
  }
  for (const auto& group : missing_groups(tx, may.tailnet(), policy)) {
    found.insert("\"" + group +
                 "\": group is not syncing from SCIM and will be ignored by rules in the policy file");
  }
  for (const auto& [tag, owners] : policy.tag_owners()) {
    for (const auto& owner : owners) add_unknown(owner, tag, known, found);
  }
  for (const auto& rule : policy.rules()) {
    for (const auto& source : rule.sources) add_unknown(source, "src", known, found);
    for (const auto& target : rule.targets) add_unknown(target.what, "dst", known, found);
  }
  return {found.begin(), found.end()};
}

Result<WrittenPolicy> write_policy(core::Tx& tx, const MayWrite& may, const NewPolicy& want,
                                   std::span<const PolicyNode> nodes, TimePoint now) {
  const Policy was = current_policy(tx, may.tailnet());
  TRY(check_expected(was, want.expected));
  if (trim(want.text).empty()) {
    if (!was.is_standard()) {
      const auto act = act_of(may, was, Policy::standard(), now);
      keep_long_texts(tx, act, was, Policy::standard());
      tx.policies().reset(may.tailnet(), act);
    }
    return WrittenPolicy{Policy::standard(), {}};
  }
  TRY(const auto parsed, Policy::parse(want.text));
  auto policy = with_synced_groups(tx, may.tailnet(), parsed);
  TRY(auto failed, failures(tx, may.tailnet(), policy, policy.tests(), nodes));
  if (!failed.empty()) return WrittenPolicy{was, std::move(failed)};
  if (was.is_standard() || was.text() != policy.text()) {
    const auto act = act_of(may, was, policy, now);
    keep_long_texts(tx, act, was, policy);
    tx.policies().set(may.tailnet(), policy.text(), now, act);
  }
  return WrittenPolicy{std::move(policy), {}};
}

Result<std::vector<TestFailure>> examine(core::Tx& tx, const MayRead& may, const Policy& policy,
                                         const std::vector<Test>& tests, std::span<const PolicyNode> nodes) {
  return failures(tx, may.tailnet(), policy, tests, nodes);
}

}  // namespace latchkey::policy
