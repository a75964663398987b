// Turns a parsed policy file into the parts of a Policy. A part of policy.
#pragma once

#include "core/policy/object_reader.h"
#include "core/policy/policy.h"

namespace latchkey::policy {

class PolicyReader {
 public:
  // `text` is what was parsed, for line numbers. Both outlive the reader.
  PolicyReader(std::string_view text, Policy::Parts& parts) : places_(text), parts_(parts) {}

  Result<void> read(const HujsonValue& root);
  // Only the tests; the names they refer to are in the parts already.
  Result<void> read_tests(const HujsonValue& list);

 private:
  Result<void> read_groups(const HujsonValue* groups);
  Result<void> read_hosts(const HujsonValue* hosts);
  Result<void> read_tag_owners(const HujsonValue* owners);
  Result<void> read_auto_approvers(const HujsonValue* approvers);
  Result<void> read_acl(const HujsonValue& acl);
  Result<void> read_grant(const HujsonValue& grant);
  Result<void> read_capabilities(const HujsonValue* app, Rule& rule);
  Result<void> read_test(const HujsonValue& test);

  Result<std::vector<Selector>> selectors(const HujsonValue* list, std::string_view what, Place place,
                                          std::vector<std::string>* texts = nullptr);
  Result<Rule::Target> acl_target(const HujsonValue& element, const Protocol& protocol);
  Result<std::vector<Test::Aim>> aims(const HujsonValue* list);
  Result<void> check_self(const Rule& rule, const HujsonValue& value, bool everything_is_allowed) const;

  Places places_;
  Policy::Parts& parts_;
};

}  // namespace latchkey::policy
