#include "core/policy/object_reader.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "core/policy/policy.h"

namespace latchkey::policy {
namespace {

using Kind = HujsonValue::Kind;

std::string quoted(std::string_view text) {
  return "\"" + std::string(clip(text, 100)) + "\"";
}

std::vector<Member> members_of(const HujsonValue& object) {
  std::vector<Member> members;
  members.reserve(object.values.size());
  for (std::size_t i = 0; i < object.values.size(); ++i) {
    members.push_back({&object.names[i], &object.values[i]});
  }
  return members;
}

}  // namespace

Places::Places(std::string_view text) : text_(text) {
  for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    line_breaks_.push_back(at);
  }
}

Error Places::refused(const HujsonValue& value, std::string_view what) const {
  return malformed(position_text(text_, value.offset) + ": " + std::string(what));
}

Error Places::refused(const HujsonValue& value, const Error& why, std::string_view prefix) const {
  return refused(value, std::string(prefix) + why.message);
}

std::size_t Places::line_of(const HujsonValue& value) const {
  const auto before = std::ranges::lower_bound(line_breaks_, value.offset);
  return static_cast<std::size_t>(1 + (before - line_breaks_.begin()));
}

Result<ObjectReader> ObjectReader::over(const HujsonValue& value, std::string_view what,
                                        const Places& places) {
  if (value.kind != Kind::object) return places.refused(value, std::string(what) + " must be an object");
  std::set<std::string> seen;
  for (const auto& name : value.names) {
    if (!seen.insert(to_lower(name.text)).second) {
      return places.refused(name, quoted(name.text) + " stands twice in " + std::string(what));
    }
  }
  return ObjectReader(members_of(value), std::string(what), places);
}

Result<const HujsonValue*> ObjectReader::take(std::initializer_list<std::string_view> spellings) {
  const HujsonValue* found = nullptr;
  for (const auto spelling : spellings) {
    const auto member = std::ranges::find_if(
        members_, [&](const Member& each) { return equals_ignore_case(each.name->text, spelling); });
    if (member == members_.end()) continue;
    if (found != nullptr) {
      return places_->refused(*member->name, quoted(member->name->text) + " is another word for " +
                                                 quoted(*spellings.begin()) + ", which is there too");
    }
    found = member->value;
    members_.erase(member);
  }
  return found == nullptr || found->kind == Kind::null ? nullptr : found;
}

Result<void> ObjectReader::finish() const {
  if (members_.empty()) return {};
  const auto& first = members_.front();
  return places_->refused(*first.name,
                          quoted(first.name->text) + " in " + what_ + " is not supported by this server");
}

bool is_empty(const HujsonValue& value) {
  switch (value.kind) {
    case Kind::null:
      return true;
    case Kind::text:
      return value.text.empty();
    case Kind::boolean:
      return value.literal == "false";
    case Kind::number:
      return false;
    case Kind::object:
    case Kind::array:
      return value.values.empty();
  }
  return false;
}

Result<std::vector<Member>> entries_of(const HujsonValue* value, std::string_view what,
                                       const Places& places) {
  if (value == nullptr) return std::vector<Member>{};
  if (value->kind != Kind::object) return places.refused(*value, std::string(what) + " must be an object");
  if (value->values.size() > kMaxEntries) return places.refused(*value, "too many " + std::string(what));
  std::set<std::string_view> seen;
  for (const auto& name : value->names) {
    if (!seen.insert(name.text).second) return places.refused(name, quoted(name.text) + " is defined twice");
  }
  return members_of(*value);
}

Result<std::vector<const HujsonValue*>> elements_of(const HujsonValue* value, std::string_view what,
                                                    std::size_t most, const Places& places) {
  std::vector<const HujsonValue*> elements;
  if (value == nullptr || value->kind == Kind::null) return elements;
  if (value->kind != Kind::array) return places.refused(*value, std::string(what) + " must be an array");
  if (value->values.size() > most) {
    return places.refused(*value, std::string(what) + " takes at most " + std::to_string(most) + " elements");
  }
  for (const auto& each : value->values) elements.push_back(&each);
  return elements;
}

Result<std::string> text_of(const HujsonValue& value, std::string_view what, const Places& places) {
  if (value.kind != Kind::text) return places.refused(value, std::string(what) + " must be a text");
  return value.text;
}

}  // namespace latchkey::policy
