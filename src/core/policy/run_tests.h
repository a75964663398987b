// Running a policy's tests: does the policy let these sources reach these destinations?
//
// A test speaks of people, tags and addresses and needs no devices: its source is a device with that
// identity. A group means each of its members: `accept` holds when all of them may, `deny` when none may.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/identity/user.h"
#include "core/policy/compile.h"
#include "core/policy/policy.h"

namespace latchkey::policy {

struct TestFailure {
  std::string source;               // as written
  std::vector<std::string> errors;  // `address "tag:b:22": want: Accept, got: Drop`
};

// Whom logins and addresses stand for at this moment: roles of users, and devices by their addresses.
struct Directory {
  std::span<const identity::User> users;
  std::span<const PolicyNode> nodes;
};

// How many times tests may compare somebody with a selector: about a second.
inline constexpr std::size_t kMaxTestSteps = 20'000'000;

// One element for each test that fails, in order. Malformed when the tests need more than kMaxTestSteps.
Result<std::vector<TestFailure>> run_tests(const Policy& policy, const std::vector<Test>& tests,
                                           const Directory& directory);

}  // namespace latchkey::policy
