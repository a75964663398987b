#include "core/policy/policy.h"

#include <algorithm>
#include <stdexcept>

#include "base/text.h"
#include "core/policy/hujson_format.h"
#include "core/policy/policy_reader.h"
#include "crypto/digest.h"

namespace latchkey::policy {
namespace {

constexpr std::string_view kStandardText =
    R"(// The policy of this tailnet until another is stored: everything may reach everything.
{
	"acls": [
		{"action": "accept", "src": ["*"], "dst": ["*:*"]},
	],
}
)";

}  // namespace

Result<Policy> Policy::parse(std::string text) {
  if (text.size() > kMaxPolicyBytes) {
    return malformed("the policy file is longer than " + std::to_string(kMaxPolicyBytes) + " bytes");
  }
  // It is readable for many and kept in the audit log.
  if (holds_key(text)) return malformed("the policy file holds a key: remove it, and revoke the key");
  TRY(auto root, parse_hujson(text));
  auto parts = std::make_shared<Parts>();
  TRY(PolicyReader(text, *parts).read(root));
  parts->hash = to_hex(crypto::sha256(format_hujson(std::move(root))));
  parts->text = std::move(text);
  return Policy(std::move(parts), false);
}

Result<std::vector<Test>> Policy::parse_tests(std::string_view text) const {
  if (text.size() > kMaxPolicyBytes) return malformed("too many tests");
  TRY(const auto list, parse_hujson(text));
  Parts parts;
  parts.names = parts_->names;
  TRY(PolicyReader(text, parts).read_tests(list));
  return std::move(parts.tests);
}

std::vector<std::string> Policy::synced_groups() const {
  std::vector<std::string> names;
  const auto note = [&](const Selector& selector) {
    if (selector.kind == Selector::Kind::group && !groups().contains(selector.name))
      names.push_back(selector.name);
  };
  for (const auto& [tag, owners] : tag_owners()) std::ranges::for_each(owners, note);
  for (const auto& [route, approvers] : auto_approvers().routes) std::ranges::for_each(approvers, note);
  std::ranges::for_each(auto_approvers().exit_node, note);
  for (const auto& rule : rules()) {
    std::ranges::for_each(rule.sources, note);
    for (const auto& target : rule.targets) note(target.what);
  }
  for (const auto& test : tests()) {
    note(test.source);
    for (const auto& aim : test.accept) note(aim.what);
    for (const auto& aim : test.deny) note(aim.what);
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

Policy Policy::with_groups(Groups more) const {
  auto parts = std::make_shared<Parts>(*parts_);
  parts->names.groups.merge(std::move(more));
  return Policy(std::move(parts), standard_);
}

Policy Policy::standard() {
  static const Policy kStandard = [] {
    auto parsed = parse(std::string(kStandardText));
    if (!parsed.ok()) throw std::logic_error(parsed.error().message);
    return Policy(parsed->parts_, true);
  }();
  return kStandard;
}

std::string Policy::strict_json() const {
  const auto root = parse_hujson(text());
  return to_strict_json(*root);
}

}  // namespace latchkey::policy
