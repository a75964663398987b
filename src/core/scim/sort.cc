#include "core/scim/sort.h"

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "core/scim/filter_columns.h"
#include "core/scim/patch_elements.h"
#include "core/scim/refusal.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;

const json::value* member_of(const json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}

const json::value* preferred(const json::array& list) {
  if (list.empty()) return nullptr;
  const auto* primary = std::ranges::find_if(list, is_primary);
  return primary == list.end() ? &list.front() : primary;
}

std::optional<std::string> time_key(std::string_view text) {
  const auto time = from_rfc3339(text);
  if (!time) return std::nullopt;
  // Microseconds since the year 0001 and more, with leading zeros.
  constexpr std::int64_t kOffset = 100'000'000'000'000'000;
  const auto digits = std::to_string(to_micros(*time) + kOffset);
  return std::string(20 - std::min<std::size_t>(20, digits.size()), '0') + digits;
}

}  // namespace

Result<std::optional<Sort>> Sort::make(const ResourceType& type, std::string_view sort_by,
                                       std::string_view sort_order) {
  Sort sort;
  sort.is_descending_ = equals_ignore_case(sort_order, "descending");
  if (!sort.is_descending_ && !sort_order.empty() && !equals_ignore_case(sort_order, "ascending")) {
    return refuse(ScimType::invalid_value, "sortOrder must be ascending or descending.", "sortOrder");
  }
  const auto path = find_path(type, trim(sort_by));
  if (!path || path->attribute == nullptr) return std::optional<Sort>();
  sort.path_ = *path;
  if (path->attribute->type == Type::complex && path->sub == nullptr) {
    sort.path_.sub = path->attribute->sub("value");
    if (sort.path_.sub == nullptr) return std::optional<Sort>();
  }
  return std::optional<Sort>(sort);
}

std::optional<std::string> Sort::key(const json::object& document) const {
  const auto* value = document.if_contains(path_.attribute->name);
  if (value == nullptr) {
    const auto* extension = document.if_contains(path_.schema->urn);
    value = extension == nullptr ? nullptr : member_of(*extension, path_.attribute->name);
  }
  if (value != nullptr && value->is_array()) value = preferred(value->get_array());
  if (value != nullptr && path_.sub != nullptr) value = member_of(*value, path_.sub->name);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool() ? "1" : "0";
  if (!value->is_string()) return std::nullopt;
  const std::string_view text = value->get_string();
  const auto& attribute = path_.sub != nullptr ? *path_.sub : *path_.attribute;
  if (attribute.type == Type::date_time) return time_key(text);
  return attribute.case_exact ? std::string(text) : fold(text);
}

bool Sort::before(const std::optional<std::string>& a, const std::optional<std::string>& b) const {
  const auto ascends = [](const std::optional<std::string>& one, const std::optional<std::string>& other) {
    if (!one || !other) return one.has_value() && !other.has_value();
    return *one < *other;
  };
  return is_descending_ ? ascends(b, a) : ascends(a, b);
}

}  // namespace latchkey::scim
