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
