#include "core/scim/list_query.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "base/text.h"
#include "core/scim/refusal.h"
#include "core/scim/strict_json.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;

Error wrong(std::string_view name, std::string_view wanted) {
  return refuse(ScimType::invalid_value, std::string(name) + " must be " + std::string(wanted) + ".",
                std::string(name));
}

// An escape that is none stands for itself.
std::string decode(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    if (text.front() == '%' && text.size() >= 3) {
      if (const auto byte = percent_decode(text.substr(0, 3))) {
        decoded += *byte;
        text.remove_prefix(3);
        continue;
      }
    }
    decoded += text.front() == '+' ? ' ' : text.front();
    text.remove_prefix(1);
  }
  return decoded;
}

std::uint64_t bounded(std::int64_t number, std::uint64_t least, std::uint64_t most) {
  if (number < static_cast<std::int64_t>(least)) return least;
  return std::min(static_cast<std::uint64_t>(number), most);
}

void set_start_index(ListQuery& query, std::int64_t number) {
  query.start_index = bounded(number, 1, std::uint64_t{1} << 53);
}
void set_count(ListQuery& query, std::int64_t number) {
  query.count = bounded(number, 0, kMaxPageSize);
}

Result<std::int64_t> number_of(std::string_view name, std::string_view text) {
  std::int64_t number = 0;
  text = trim(text);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = !text.empty() && end == text.data() + text.size();
  if (is_whole && error == std::errc()) return number;
  if (is_whole && error == std::errc::result_out_of_range) {
    return text.front() == '-' ? std::int64_t{0} : INT64_MAX;
  }
  return wrong(name, "a whole number");
}

constexpr std::string_view kNames[] = {
    "startIndex", "count", "filter", "sortBy", "sortOrder", "attributes", "excludedAttributes"};

// The parameter's name in its own spelling; nothing when it is not one of ours.
std::optional<std::string_view> known(std::string_view name) {
  const auto* found =
      std::ranges::find_if(kNames, [&](std::string_view each) { return equals_ignore_case(each, name); });
  return found == std::end(kNames) ? std::nullopt : std::optional(*found);
}

Result<void> set(ListQuery& query, std::string_view name, std::string value) {
  if (name == "startIndex" || name == "count") {
    TRY(const auto number, number_of(name, value));
    name == "count" ? set_count(query, number) : set_start_index(query, number);
  } else if (name == "filter") {
    query.filter = std::move(value);
  } else if (name == "sortBy") {
    query.sort_by = std::move(value);
  } else if (name == "sortOrder") {
    query.sort_order = std::move(value);
  } else if (name == "attributes") {
    query.attributes = {std::move(value)};
  } else {
    query.excluded_attributes = {std::move(value)};
  }
  return {};
}

Result<std::string> text_member(std::string_view name, const json::value& value) {
  if (!value.is_string()) return wrong(name, "text");
  return std::string(value.get_string());
}

Result<std::vector<std::string>> names_member(std::string_view name, const json::value& value) {
  std::vector<std::string> names;
  if (value.is_string()) {
    names.emplace_back(value.get_string());
    return names;
  }
  if (!value.is_array()) return wrong(name, "a list of names");
  for (const auto& each : value.get_array()) {
    TRY(auto text, text_member(name, each));
    names.push_back(std::move(text));
  }
  return names;
}

Result<void> set_member(ListQuery& query, std::string_view name, const json::value& value) {
  if (value.is_int64()) {
    if (name != "startIndex" && name != "count") return wrong(name, "text");
    name == "count" ? set_count(query, value.get_int64()) : set_start_index(query, value.get_int64());
    return {};
  }
  if (name == "attributes") {
    TRY(query.attributes, names_member(name, value));
    return {};
  }
  if (name == "excludedAttributes") {
    TRY(query.excluded_attributes, names_member(name, value));
    return {};
  }
  TRY(auto text, text_member(name, value));
  return set(query, name, std::move(text));
}

}  // namespace

Result<ListQuery> ListQuery::from_address(std::string_view text) {
  ListQuery query;
  std::set<std::string_view> seen;
  for (const auto parameter : split(text, '&')) {
    const auto equals = parameter.find('=');
    const auto name = known(decode(parameter.substr(0, equals)));
    if (!name) continue;
    if (!seen.insert(*name).second) {
      return refuse(ScimType::invalid_value, std::string(*name) + " is given twice.", std::string(*name));
    }
    auto value = equals == std::string_view::npos ? std::string() : decode(parameter.substr(equals + 1));
    if (!utf8_length(value)) return wrong(*name, "valid UTF-8");
    TRY(set(query, *name, std::move(value)));
  }
  return query;
}

Result<ListQuery> ListQuery::from_search(const json::object& body) {
  if (!lists_schema(body, kSearchRequestUrn)) {
    return refuse(ScimType::invalid_syntax, "'schemas' must contain " + std::string(kSearchRequestUrn) + ".",
                  "schemas");
  }
  ListQuery query;
  for (const auto& member : body) {
    const auto name = known(std::string_view(member.key()));
    if (!name || member.value().is_null()) continue;
    TRY(set_member(query, *name, member.value()));
  }
  return query;
}

Result<ListPlan> plan_list(const ResourceType& type, const ListQuery& query) {
  TRY(auto projection, Projection::make(type, query.attributes, query.excluded_attributes));
  TRY(auto sort, Sort::make(type, query.sort_by, query.sort_order));
  ListPlan plan{std::nullopt, sort, std::move(projection), query.start_index, query.count};
  if (query.filter) {
    TRY(auto filter, parse_filter(type, *query.filter));
    plan.filter = std::move(filter);
  }
  return plan;
}

json::object list_response(json::array resources, std::uint64_t total, std::uint64_t start_index) {
  json::object body;
  body["schemas"] = json::array{kListResponseUrn};
  body["totalResults"] = total;
  body["startIndex"] = start_index;
  body["itemsPerPage"] = resources.size();
  body["Resources"] = std::move(resources);
  return body;
}

}  // namespace latchkey::scim
