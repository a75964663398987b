// Reading, checking and storing a tailnet's policy file.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/identity/authorize.h"
#include "core/policy/policy.h"
#include "core/policy/run_tests.h"
#include "core/tx.h"

namespace latchkey::policy {

// What the audit log keeps of each text.
inline constexpr std::size_t kMaxAuditedText = 16UL * 1024;

// The policy that holds in a tailnet at this moment. For use cases and the control protocol; people come in
// by read_policy.
Policy current_policy(core::Tx& tx, const TailnetId& tailnet);

using MayRead = identity::Permit<identity::Operation::read_policy>;
using MayWrite = identity::Permit<identity::Operation::write_policy>;

Policy read_policy(core::Tx& tx, const MayRead& may);
// One that is not stored, as it would hold here.
Result<Policy> parse_policy(core::Tx& tx, const MayRead& may, std::string text);

// Logins that groups and rules name and that are no users of this tailnet, as upstream words it.
std::vector<std::string> warnings(core::Tx& tx, const MayRead& may, const Policy& policy);

struct NewPolicy {
  std::string text;  // empty: back to the standard policy
  // The hash that the stored policy must have, or "ts-default" when it must be the standard one.
  std::optional<std::string> expected;
};

struct WrittenPolicy {
  Policy policy;                      // that holds now
  std::vector<TestFailure> failures;  // when there are some, nothing was stored
};

// `nodes` are the tailnet's devices, for tests that name their addresses. Malformed when the text is;
// precondition_failed, with upstream's text, when the policy is not the expected one.
Result<WrittenPolicy> write_policy(core::Tx& tx, const MayWrite& may, const NewPolicy& want,
                                   std::span<const PolicyNode> nodes, TimePoint now);

// Runs tests against a policy, with the users there are.
Result<std::vector<TestFailure>> examine(core::Tx& tx, const MayRead& may, const Policy& policy,
                                         const std::vector<Test>& tests, std::span<const PolicyNode> nodes);

inline constexpr std::string_view kWrongHash = "precondition failed, invalid old hash";

}  // namespace latchkey::policy
