// A tailnet's policy: who may reach what, who owns tags, what is approved without asking. Read from a policy
// file, immutable, valid by construction: what this server does not enforce is refused, with its name and
// place, and so is every reference to something undefined.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "core/policy/access.h"
#include "core/policy/selector.h"

namespace latchkey::policy {

inline constexpr std::size_t kMaxPolicyBytes = 512UL * 1024;
inline constexpr std::size_t kMaxRules = 5'000;
inline constexpr std::size_t kMaxEntries =
    10'000;  // members of a group, selectors of a rule, groups, hosts ...
inline constexpr std::size_t kMaxTests = 1'000;

// One element of acls or grants: any of the sources may reach any of the targets.
struct Rule {
  struct Target {
    Selector what;
    std::vector<Access> access;
  };
  std::vector<Selector> sources;
  std::vector<Target> targets;
  boost::json::object capabilities;  // a grant's `app`: passed on to the destination's programs
  std::size_t line = 0;              // in the policy file, from 1
  std::vector<std::string> source_texts, destination_texts;  // as written
};

// What the file's author holds to be true of the rules: checked before a policy is stored.
struct Test {
  struct Aim {
    Selector what;
    std::uint16_t port = 0;
    std::string text;  // as written
  };
  Selector source;
  std::string source_text;
  Protocol protocol;  // without one, TCP or UDP
  std::vector<Aim> accept, deny;
};

using TagOwners = std::map<std::string, std::vector<Selector>, std::less<>>;

struct AutoApprovers {
  std::vector<std::pair<Prefix, std::vector<Selector>>> routes;
  std::vector<Selector> exit_node;
};

class Policy {
 public:
  // Errors are malformed_input; the message begins "line N, column M: " whenever there is a place to name.
  static Result<Policy> parse(std::string text);
  // Tests to be run against this policy: a JSON array of elements as in its section `tests`.
  Result<std::vector<Test>> parse_tests(std::string_view text) const;
  // While none is stored: everything may reach everything, no tag is defined.
  static Policy standard();

  bool is_standard() const { return standard_; }
  const std::string& text() const { return parts_->text; }  // byte for byte as given
  // Lower-case hex SHA-256 of the formatted text.
  const std::string& hash() const { return parts_->hash; }
  std::string strict_json() const;

  const Groups& groups() const { return parts_->names.groups; }
  const TagOwners& tag_owners() const { return parts_->tag_owners; }
  const AutoApprovers& auto_approvers() const { return parts_->auto_approvers; }
  const std::vector<Rule>& rules() const { return parts_->rules; }
  const std::vector<Test>& tests() const { return parts_->tests; }

  // Groups that it names and does not define: an identity provider may have them. Sorted, each once.
  std::vector<std::string> synced_groups() const;
  // The same with these groups' people; those that it defines itself stay.
  Policy with_groups(Groups more) const;

  // What its parts are; the reader fills them.
  struct Parts {
    std::string text;
    std::string hash;
    Names names;
    TagOwners tag_owners;
    AutoApprovers auto_approvers;
    std::vector<Rule> rules;
    std::vector<Test> tests;
  };

 private:
  Policy(std::shared_ptr<const Parts> parts, bool standard) : parts_(std::move(parts)), standard_(standard) {}

  std::shared_ptr<const Parts> parts_;  // copies of a policy share them
  bool standard_ = false;
};

}  // namespace latchkey::policy
