#include "core/policy/run_tests.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace latchkey::policy {
namespace {

using Kind = Selector::Kind;

// An end of a connection: somebody, an address, or both when the address is a known device's.
struct End {
  Identity who;
  bool known = false;  // `who` says something
  std::optional<Prefix> address;
};

class Examiner {
 public:
  Examiner(const Policy& policy, const Directory& directory) : policy_(policy) {
    for (const auto& user : directory.users) roles_[to_lower(user.login_name)] = user.role;
    for (const auto& node : directory.nodes) {
      for (const auto& address : node.addresses) owners_[address] = &node.identity;
    }
  }

  bool is_exhausted() const { return steps_left_ == 0; }

  TestFailure examine(const Test& test) const {
    TestFailure failure{test.source_text, {}};
    const auto sources = sources_of(test.source);
    const auto reaches = [&](const Test::Aim& aim) {
      return [&, aim](const End& source) { return may_reach(source, test, aim); };
    };
    for (const auto& aim : test.accept) {
      if (sources.empty() || !std::ranges::all_of(sources, reaches(aim))) {
        failure.errors.push_back("address \"" + aim.text + "\": want: Accept, got: Drop");
      }
    }
    for (const auto& aim : test.deny) {
      if (std::ranges::any_of(sources, reaches(aim))) {
        failure.errors.push_back("address \"" + aim.text + "\": want: Drop, got: Accept");
      }
    }
    return failure;
  }

 private:
  End person(const std::string& login) const {
    const auto role = roles_.find(login);
    return {{login, role == roles_.end() ? identity::Role::member : role->second, {}}, true, {}};
  }

  End at(const Prefix& address) const {
    const auto owner = owners_.find(to_string(address));
    if (owner == owners_.end()) return {{}, false, address};
    return {*owner->second, true, address};
  }

  std::vector<End> sources_of(const Selector& source) const {
    // Somebody who is in no group and owns nothing by name.
    constexpr const char* kNobody = "\x01";
    switch (source.kind) {
      case Kind::user:
        return {person(source.name)};
      case Kind::group: {
        std::vector<End> members;
        for (const auto& login : policy_.groups().find(source.name)->second) members.push_back(person(login));
        return members;
      }
      case Kind::tag:
        return {End{{{}, {}, {source.name}}, true, {}}};
      case Kind::addresses:
        return {at(source.addresses)};
      case Kind::members:
        return {End{{kNobody, identity::Role::member, {}}, true, {}}};
      case Kind::role:
        return {End{{kNobody, source.role, {}}, true, {}}};
      case Kind::tagged:
        return {End{{{}, {}, {kNobody}}, true, {}}};
      case Kind::everything:
      case Kind::self:
      case Kind::internet:
        return {};
    }
    return {};
  }

  End destination_of(const Selector& what) const {
    if (what.kind == Kind::tag) return {{{}, {}, {what.name}}, true, {}};
    if (what.kind == Kind::addresses) return at(what.addresses);
    return {};
  }

  bool means(const Selector& selector, const End& end) const {
    if (steps_left_ == 0) return false;
    --steps_left_;
    if (selector.kind == Kind::everything) return true;
    if (selector.kind == Kind::addresses) return end.address && selector.addresses.contains(*end.address);
    return end.known && selects(selector, end.who, policy_.groups());
  }

  bool target_means(const Selector& target, const End& source, const Test::Aim& aim) const {
    if (aim.what.kind == Kind::self) {
      // The source's own devices: reached as such, or as anybody's of that identity.
      return source.who.is_person() && (target.kind == Kind::self || means(target, source));
    }
    const End destination = destination_of(aim.what);
    if (target.kind == Kind::self) {
      return source.who.is_person() && destination.who.is_person() &&
             equals_ignore_case(source.who.login, destination.who.login);
    }
    if (target.kind == Kind::internet) {
      return destination.address && std::ranges::any_of(internet(), [&](const Prefix& prefix) {
               return prefix.contains(*destination.address);
             });
    }
    return means(target, destination);
  }

  static bool lets_through(const Access& access, const Test& test, const Test::Aim& aim) {
    if (!access.ports.contains(aim.port)) return false;
    if (test.protocol) return covers(access.protocol, *test.protocol);
    return covers(access.protocol, kTcp) || covers(access.protocol, kUdp);
  }

  bool may_reach(const End& source, const Test& test, const Test::Aim& aim) const {
    if (is_exhausted()) return false;
    return std::ranges::any_of(policy_.rules(), [&](const Rule& rule) {
      return std::ranges::any_of(rule.sources, [&](const Selector& each) { return means(each, source); }) &&
             std::ranges::any_of(rule.targets, [&](const Rule::Target& target) {
               return target_means(target.what, source, aim) &&
                      std::ranges::any_of(target.access, [&](const Access& access) {
                        return lets_through(access, test, aim);
                      });
             });
    });
  }

  const Policy& policy_;
  mutable std::size_t steps_left_ = kMaxTestSteps;
  std::map<std::string, identity::Role, std::less<>> roles_;
  std::map<std::string, const Identity*, std::less<>> owners_;
};

}  // namespace

Result<std::vector<TestFailure>> run_tests(const Policy& policy, const std::vector<Test>& tests,
                                           const Directory& directory) {
  const Examiner examiner(policy, directory);
  std::vector<TestFailure> failures;
  for (const auto& test : tests) {
    auto failure = examiner.examine(test);
    if (examiner.is_exhausted()) {
      return malformed("the tests take too long: fewer of them, or smaller groups", "tests");
    }
    if (!failure.errors.empty()) failures.push_back(std::move(failure));
  }
  return failures;
}

}  // namespace latchkey::policy
