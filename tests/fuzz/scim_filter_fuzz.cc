// SCIM filters: what is accepted prints to a text that means the same, and can be asked of any resource.
#include <boost/json.hpp>
#include <cstdint>

#include "base/text.h"
#include "core/scim/filter_columns.h"
#include "core/scim/filter_match.h"
#include "core/scim/list_query.h"
#include "require.h"

namespace {

using namespace latchkey;
namespace json = boost::json;

const json::object& user() {
  static const auto kUser = json::parse(R"({
    "schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"u1","externalId":"e","userName":"ines",
    "name":{"familyName":"okoro"},"active":true,"title":"t",
    "emails":[{"value":"a@x","type":"work","primary":true},{"value":"b@x"}],
    "x509Certificates":[{"value":"MAo="}],"groups":[{"value":"g1"}],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"division":"d","manager":{"value":"u2"}},
    "meta":{"resourceType":"User","lastModified":"2026-03-02T09:14:05Z"}})");
  return kUser.get_object();
}

void check_text(const scim::ResourceType& type, std::string_view text) {
  const auto filter = scim::parse_filter(type, text);
  if (!filter) {
    const auto& code = filter.error().protocol_code;
    fuzz::require(code == "invalidFilter" || code == "sensitive", "a bad filter is refused as one");
    fuzz::require(!filter.error().message.empty(), "a refusal says why");
    fuzz::require(utf8_length(filter.error().message).has_value(), "a refusal is valid UTF-8");
    return;
  }
  const auto printed = scim::print(*filter);
  // What is printed may be longer, by the schema's URNs and the escapes of JSON.
  if (printed.size() <= scim::kMaxFilterBytes) {
    const auto again = scim::parse_filter(type, printed);
    fuzz::require(again.ok(), "what is printed is a filter");
    fuzz::require(*again == *filter, "what is printed means the same");
    fuzz::require(scim::print(*again) == printed, "printing twice changes nothing");
  }
  const bool holds = scim::matches(*filter, user());
  scim::Filter negation;
  negation.kind = scim::Filter::Kind::negation;
  negation.parts.push_back(*filter);
  fuzz::require(scim::matches(negation, user()) != holds, "a negation holds where the filter does not");
  const auto columns = scim::column_terms(*filter);
  fuzz::require(!columns.is_whole || !columns.terms.empty(), "a whole filter has terms");
  static_cast<void>(scim::matches(*filter, json::object()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_text(scim::user_type(), text);
  check_text(scim::group_type(), text);
  const auto query = scim::ListQuery::from_address(text);
  if (query.ok()) {
    fuzz::require(query->count <= scim::kMaxPageSize && query->start_index >= 1, "numbers stay in bounds");
    const auto plan = scim::plan_list(scim::user_type(), *query);
    if (plan.ok()) static_cast<void>(plan->projection.apply(user()));
  } else {
    fuzz::require(query.error().protocol_code == "invalidValue", "a bad query is a bad value");
  }
  return 0;
}
