// The policy file: what is accepted can be formatted, compiled for a few devices and asked anything, and says
// the same after formatting.
#include <boost/json.hpp>
#include <cstdint>

#include "core/policy/compile.h"
#include "core/policy/hujson_format.h"
#include "core/policy/run_tests.h"
#include "fuzz_world.h"

namespace {

using namespace latchkey;
using policy::Policy;
using policy::PolicyNode;

const std::vector<PolicyNode>& nodes() {
  static const std::vector<PolicyNode> kNodes{
      {1, {"alice@example.com", identity::Role::admin, {}}, {"100.64.0.1", "fd7a:115c:a1e0::1"}, {}},
      {2, {"alice@example.com", identity::Role::admin, {}}, {"100.64.0.2"}, {}},
      {3, {"bob@example.com", identity::Role::member, {}}, {"100.64.0.3"}, {"192.168.1.0/24"}},
      {4, {{}, {}, {"tag:a", "tag:b"}}, {"100.64.0.4"}, {"10.0.0.0/8", "0.0.0.0/0", "::/0"}}};
  return kNodes;
}

void check_format(std::string_view text) {
  const auto value = policy::parse_hujson(text);
  if (!value) {
    fuzz::require(value.error().message.starts_with("line "), "a syntax error names its place");
    return;
  }
  const auto formatted = policy::format_hujson(*value);
  const auto again = policy::parse_hujson(formatted);
  fuzz::require(again.ok(), "formatted text is HuJSON");
  fuzz::require(policy::format_hujson(*again) == formatted, "formatting twice changes nothing");
  boost::json::error_code failed;
  const auto json = boost::json::parse(policy::to_strict_json(*value), failed);
  static_cast<void>(json);
  fuzz::require(!failed, "without comments and trailing commas it is JSON");
}

void check_compiled(const Policy& policy) {
  const auto compiled = policy::compile(policy, nodes());
  for (std::size_t a = 0; a < nodes().size(); ++a) {
    bool reached = false;
    for (std::size_t b = 0; b < nodes().size(); ++b) {
      fuzz::require(compiled.sees(a, b) == compiled.sees(b, a), "to see each other is mutual");
      reached = reached || compiled.reaches(b, a);
    }
    for (const auto& rule : compiled.filter(a)) {
      fuzz::require(!rule.at("SrcIPs").as_array().empty(), "a rule of a filter has sources");
    }
    // A source may be an address behind no device, so a filter without a peer is possible; not the reverse.
    fuzz::require(!reached || !compiled.filter(a).empty(), "who is reached by somebody has a filter");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_format(text);
  const auto parsed = Policy::parse(std::string(text));
  if (!parsed) {
    fuzz::require(parsed.error().code == ErrorCode::malformed_input, "a bad policy is the client's mistake");
    fuzz::require(utf8_length(parsed.error().message).has_value(), "an error is valid UTF-8");
    return 0;
  }
  fuzz::require(parsed->text() == text, "the text is kept byte for byte");
  check_compiled(*parsed);
  const auto failures = policy::run_tests(*parsed, parsed->tests(), {{}, nodes()});
  if (!failures) return 0;
  for (const auto& failure : *failures) {
    fuzz::require(!failure.errors.empty(), "a test that fails says why");
  }
  return 0;
}
