#include "core/scim/patch_elements.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "core/scim/coerce.h"
#include "core/scim/refusal.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;

std::optional<std::string_view> text_of(const json::value& element, std::string_view name) {
  const auto* object = element.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string_view(value->get_string());
}

bool types_agree(const json::value& a, const json::value& b) {
  const auto one = text_of(a, "type");
  const auto other = text_of(b, "type");
  return !one || !other || equals_ignore_case(*one, *other);
}

// Finds elements that are the same in lists of any length.
class Sameness {
 public:
  explicit Sameness(const Attribute& attribute) {
    const auto* value = attribute.sub("value");
    case_exact_ = value != nullptr && value->case_exact;
  }

  bool same(const json::value& a, const json::value& b) const {
    const auto one = text_of(a, "value");
    const auto other = text_of(b, "value");
    if (!one || !other) return !one && !other && a == b;
    const bool equal = case_exact_ ? *one == *other : equals_ignore_case(*one, *other);
    return equal && types_agree(a, b);
  }

  // Equal for elements that may be the same.
  std::string key(const json::value& element) const {
    const auto value = text_of(element, "value");
    if (!value) return "{" + json::serialize(element);
    return "=" + (case_exact_ ? std::string(*value) : to_lower(*value));
  }

 private:
  bool case_exact_ = false;
};

// A list that grows, in which elements are looked up by sameness: one by one for a few look-ups, by a table
// for many.
class Lookup {
 public:
  Lookup(const Sameness& sameness, const json::array& list, std::size_t look_ups)
      : sameness_(sameness), list_(list), is_hashed_(look_ups > 4) {
    if (!is_hashed_) return;
    for (std::size_t i = 0; i < list.size(); ++i) add(i);
  }

  std::optional<std::size_t> find(const json::value& element) const {
    if (!is_hashed_) {
      const auto* found =
          std::ranges::find_if(list_, [&](const json::value& each) { return sameness_.same(each, element); });
      if (found == list_.end()) return std::nullopt;
      return static_cast<std::size_t>(found - list_.begin());
    }
    const auto [begin, end] = positions_.equal_range(sameness_.key(element));
    for (auto at = begin; at != end; ++at) {
      if (sameness_.same(list_[at->second], element)) return at->second;
    }
    return std::nullopt;
  }

  void add(std::size_t position) {
    if (is_hashed_) positions_.emplace(sameness_.key(list_[position]), position);
  }

 private:
  const Sameness& sameness_;
  const json::array& list_;
  bool is_hashed_;
  std::unordered_multimap<std::string, std::size_t> positions_;
};

bool has_parts_of(const json::value& element, const json::value& listed) {
  if (!listed.is_object() || !element.is_object()) return element == listed;
  return std::ranges::all_of(listed.get_object(), [&](const auto& part) {
    const auto* held = element.get_object().if_contains(part.key());
    return held != nullptr && *held == part.value();
  });
}

}  // namespace

bool is_primary(const json::value& element) {
  const auto* object = element.if_object();
  const auto* primary = object == nullptr ? nullptr : object->if_contains("primary");
  return primary != nullptr && primary->is_bool() && primary->get_bool();
}

Result<void> merge_parts(const Attribute& attribute, const json::object& given, const std::string& name,
                         json::object& target) {
  for (const auto& member : given) {
    const auto* sub = attribute.sub(std::string_view(member.key()));
    if (sub == nullptr || sub->mutability == Mutability::read_only) continue;
    const std::string path = name + "." + std::string(sub->name);
    TRY(auto value, coerce(*sub, member.value(), path));
    const auto* held = target.if_contains(sub->name);
    if (held != nullptr && sub->mutability == Mutability::immutable && (!value || *held != *value)) {
      return refuse(ScimType::mutability, path + " cannot be changed: remove the element and add another.",
                    path);
    }
    if (value) {
      target[sub->name] = std::move(*value);
    } else if (sub->required) {
      return refuse(ScimType::invalid_value, path + " is required.", path);
    } else {
      target.stable_erase(sub->name);
    }
  }
  return {};
}

Result<Positions> add_elements(const Attribute& attribute, const json::array& elements,
                               const std::string& name, json::array& list) {
  const Sameness sameness(attribute);
  Lookup lookup(sameness, list, elements.size());
  Positions primaries;
  list.reserve(list.size() + elements.size());
  for (const auto& element : elements) {
    auto position = lookup.find(element);
    if (!position) {
      position = list.size();
      list.push_back(element);
      lookup.add(*position);
    } else if (element.is_object()) {
      TRY(merge_parts(attribute, element.get_object(), name, list[*position].as_object()));
    }
    if (is_primary(element)) primaries.push_back(*position);
  }
  return primaries;
}

void remove_elements(const Attribute& attribute, const json::array& listed, json::array& list) {
  const Sameness sameness(attribute);
  const bool is_by_value = attribute.sub("value") != nullptr;
  json::array by_parts;
  json::array by_value;
  for (const auto& each : listed) {
    (is_by_value && text_of(each, "value") ? by_value : by_parts).push_back(each);
  }
  const Lookup lookup(sameness, by_value, list.size());
  Positions meant;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const bool is_meant = lookup.find(list[i]) || std::ranges::any_of(by_parts, [&](const json::value& each) {
                            return has_parts_of(list[i], each);
                          });
    if (is_meant) meant.push_back(i);
  }
  remove_at(meant, list);
}

void remove_at(const Positions& positions, json::array& list) {
  if (positions.empty()) return;
  auto next = positions.begin();
  std::size_t kept = *next;
  for (std::size_t i = kept; i < list.size(); ++i) {
    if (next != positions.end() && *next == i) {
      ++next;
    } else {
      list[kept++] = std::move(list[i]);
    }
  }
  list.resize(kept);
}

std::optional<json::object> element_from(const Filter& filter) {
  json::object made;
  const auto add = [&](const Filter& part) {
    const bool is_equality = part.kind == Filter::Kind::compare && part.op == Filter::Operator::eq &&
                             part.path.attribute != nullptr &&
                             part.path.attribute->mutability != Mutability::read_only;
    if (!is_equality) return false;
    if (part.operand == Filter::Operand::null) return true;
    auto& value = made[part.path.attribute->name];
    if (part.operand == Filter::Operand::boolean) {
      value = part.flag;
    } else {
      value = part.text;
    }
    return true;
  };
  if (filter.kind != Filter::Kind::all_of) return add(filter) ? std::optional(std::move(made)) : std::nullopt;
  if (!std::ranges::all_of(filter.parts, add)) return std::nullopt;
  return made;
}

void settle_primary(const Positions& chosen, json::array& list) {
  if (chosen.empty()) return;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (is_primary(list[i]) && std::ranges::find(chosen, i) == chosen.end()) {
      list[i].get_object()["primary"] = false;
    }
  }
}

}  // namespace latchkey::scim
