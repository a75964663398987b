// Queries for keys: what is accepted prints to a text that means the same whenever it is read, and can be
// asked of any key.
#include <cstdint>

#include "base/text.h"
#include "core/credentials/key_query.h"
#include "require.h"

namespace {

using namespace latchkey;
using namespace latchkey::credentials;

const TimePoint kNow = *from_rfc3339("2026-01-05T09:00:00Z");

Credential some_key() {
  Credential key;
  key.id = CredentialId("k11111111111CNTRL");
  key.owner = UserId("u1");
  key.created = kNow;
  key.grant.tags = {"tag:ci"};
  key.usage.last_used = kNow;
  key.usage.last_address = "203.0.113.9";
  return key;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Credential kKey = some_key();
  const auto text = fuzz::text_of(data, size);
  const auto query = parse_key_query(text, kNow);
  if (!query) {
    fuzz::require(query.error().code == ErrorCode::malformed_input, "a bad query is malformed");
    fuzz::require(utf8_length(query.error().message).has_value(), "a refusal is valid UTF-8");
    fuzz::require(query.error().message.size() < 400, "a refusal is short");
    return 0;
  }
  const auto printed = to_string(*query);
  if (printed.size() <= kMaxKeyQuery) {
    const auto again = parse_key_query(printed, kNow + days{100});
    fuzz::require(again.ok(), "what is printed is a query");
    fuzz::require(to_string(*again) == printed, "it means the same later");
  }
  const KeyFacts facts{kKey};
  const bool fits = matches(*query, facts);
  fuzz::require(matches(*query, facts) == fits, "asking changes nothing");
  return 0;
}
