#include "core/scim/patch.h"

#include <utility>

#include "core/scim/coerce.h"
#include "core/scim/document.h"
#include "core/scim/filter_match.h"
#include "core/scim/patch_elements.h"
#include "core/scim/refusal.h"
#include "core/scim/strict_json.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;
using Verb = PatchOperation::Verb;

Error immutable(const std::string& name, std::string_view what) {
  return refuse(ScimType::mutability, "'" + name + "' " + std::string(what) + ".", name);
}

class Patcher {
 public:
  Patcher(const ResourceType& type, json::object document) : type_(type), document_(std::move(document)) {}

  Result<void> apply(const PatchOperation& operation) {
    if (!operation.path || operation.path->empty()) return without_path(operation);
    TRY(const auto path, parse_patch_path(type_, *operation.path));
    if (!path) return {};
    return at(operation.verb, *path, operation.value);
  }

  json::object release() { return std::move(document_); }

 private:
  Result<void> charge(std::size_t work) {
    work_ += work;
    if (work_ <= kMaxPatchWork) return {};
    return refuse(ScimType::too_many, "The operations touch too much at once: send fewer in one PATCH.");
  }

  // Where the attribute is, or will be: the document, or its extension.
  json::object& holder(const AttributePath& path) {
    if (path.schema != type_.extension) return document_;
    auto& part = document_[path.schema->urn];
    if (!part.is_object()) part.emplace_object();
    return part.get_object();
  }

  Result<void> without_path(const PatchOperation& operation) {
    if (operation.verb == Verb::remove) {
      return refuse(ScimType::no_target, "An operation that removes needs a path.", "path");
    }
    if (!operation.value.is_object()) {
      return refuse(ScimType::invalid_value, "An operation without a path needs an object as value.",
                    "value");
    }
    for (const auto& member : operation.value.get_object()) {
      TRY(member_operation(operation.verb, member.key(), member.value()));
    }
    return {};
  }

  // A member of the object of an operation without a path.
  Result<void> member_operation(Verb verb, std::string_view name, const json::value& value) {
    auto parsed = parse_patch_path(type_, name);
    if (!parsed.ok()) {
      // Names that say nothing to us are the client's own.
      if (parsed.error().protocol_code == to_string(ScimType::invalid_path)) return {};
      return parsed.error();
    }
    const auto& path = *parsed;
    if (!path) return {};
    const auto* attribute = path->at.attribute;
    if (attribute != nullptr && attribute->mutability == Mutability::read_only) {
      return read_only_member(*attribute, value);
    }
    if (path->at.sub != nullptr && path->at.sub->mutability == Mutability::read_only) return {};
    return at(verb, *path, value);
  }

  // What a client sends back of ours is passed over; an id of another resource is a mistake.
  Result<void> read_only_member(const Attribute& attribute, const json::value& value) {
    const auto* held = document_.if_contains(attribute.name);
    const bool names_it = attribute.returned == Returned::always;
    if (!names_it || held == nullptr || value.is_null() || *held == value) return {};
    return immutable(std::string(attribute.name), "is read-only");
  }

  Result<void> at(Verb verb, const PatchPath& path, const json::value& value) {
    const auto* attribute = path.at.attribute;
    if (attribute == nullptr) return whole_schema(verb, *path.at.schema, value);
    if (attribute->mutability == Mutability::read_only) return immutable(path.name, "is read-only");
    if (path.at.sub != nullptr && path.at.sub->mutability == Mutability::read_only) {
      return immutable(to_string(type_, path.at), "is read-only");
    }
    if (attribute->returned == Returned::always) {
      return verb == Verb::remove ? Result<void>(immutable(path.name, "cannot be removed")) : Result<void>();
    }
    auto& object = holder(path.at);
    if (!attribute->multi_valued) return single(verb, path, value, object);
    return several(verb, path, value, object);
  }

  Result<void> whole_schema(Verb verb, const Schema& schema, const json::value& value) {
    const bool is_extension = &schema == type_.extension;
    if (verb == Verb::remove && !is_extension) {
      return immutable(std::string(schema.urn), "cannot be removed");
    }
    if (verb == Verb::remove || (verb == Verb::replace && is_extension && is_empty(value))) {
      document_.stable_erase(schema.urn);
      return {};
    }
    if (is_empty(value)) return {};
    if (!value.is_object()) {
      return refuse(ScimType::invalid_value, std::string(schema.urn) + " must be an object.");
    }
    for (const auto& member : value.get_object()) {
      TRY(member_operation(verb, std::string(schema.urn) + ":" + std::string(member.key()), member.value()));
    }
    return {};
  }

  static Error required(const std::string& name) {
    return refuse(ScimType::invalid_value, name + " is required and cannot be empty.", name);
  }

  // What an operation gives for (parts of) a complex value.
  Result<json::object> parts_of(const PatchPath& path, const json::value& value) const {
    if (path.at.sub == nullptr) return as_object(*path.at.attribute, value, path.name);
    json::object parts;
    parts[path.at.sub->name] = value;
    return parts;
  }

  Result<void> single(Verb verb, const PatchPath& path, const json::value& value, json::object& object) {
    const auto& attribute = *path.at.attribute;
    if (verb == Verb::remove) return remove_single(path, object);
    if (attribute.type != Type::complex) {
      TRY(auto coerced, coerce(attribute, value, path.name));
      if (coerced) {
        object[attribute.name] = std::move(*coerced);
      } else if (attribute.required) {
        return required(path.name);
      } else {
        object.stable_erase(attribute.name);
      }
      return {};
    }
    TRY(const auto parts, parts_of(path, value));
    json::object merged;
    if (auto* held = object.if_contains(attribute.name)) merged = std::move(held->get_object());
    TRY(merge_parts(attribute, parts, path.name, merged));
    if (parts.empty()) merged.clear();
    put(attribute, std::move(merged), object);
    return {};
  }

  Result<void> remove_single(const PatchPath& path, json::object& object) {
    const auto& attribute = *path.at.attribute;
    if (attribute.required) return immutable(path.name, "is required and cannot be removed");
    auto* held = object.if_contains(attribute.name);
    if (held == nullptr) return {};
    if (path.at.sub == nullptr) {
      object.stable_erase(attribute.name);
      return {};
    }
    auto parts = std::move(held->get_object());
    parts.stable_erase(path.at.sub->name);
    put(attribute, std::move(parts), object);
    return {};
  }

  // Nothing empty is kept.
  template <class Value>
  static void put(const Attribute& attribute, Value value, json::object& object) {
    if (value.empty()) {
      object.stable_erase(attribute.name);
    } else {
      object[attribute.name] = std::move(value);
    }
  }

  Result<void> several(Verb verb, const PatchPath& path, const json::value& value, json::object& object) {
    const auto& attribute = *path.at.attribute;
    json::array list;
    if (auto* held = object.if_contains(attribute.name)) list = std::move(held->get_array());
    const bool is_whole = !path.elements && path.at.sub == nullptr;
    if (verb == Verb::remove) {
      TRY(is_whole ? remove_whole(path, value, list) : remove_chosen(path, list));
    } else {
      TRY(is_whole ? set_whole(verb, path, value, list) : set_chosen(verb, path, value, list));
    }
    put(attribute, std::move(list), object);
    return {};
  }

  Result<void> set_whole(Verb verb, const PatchPath& path, const json::value& value, json::array& list) {
    const auto& attribute = *path.at.attribute;
    TRY(auto coerced, coerce(attribute, value, path.name));
    json::array given;
    if (coerced) given = std::move(coerced->get_array());
    TRY(charge(list.size() + given.size()));
    if (verb == Verb::replace) list.clear();
    TRY(const auto primaries, add_elements(attribute, given, path.name, list));
    if (verb == Verb::add) settle_primary(primaries, list);
    return {};
  }

  // The positions of the elements that the path means: all, or those that meet its filter.
  Result<Positions> chosen(const PatchPath& path, const json::array& list) {
    TRY(charge(list.size() * (path.elements ? node_count(*path.elements) : 1)));
    Positions positions;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!path.elements || element_matches(*path.elements, list[i])) positions.push_back(i);
    }
    return positions;
  }

  Result<void> set_chosen(Verb verb, const PatchPath& path, const json::value& value, json::array& list) {
    const auto& attribute = *path.at.attribute;
    TRY(auto positions, chosen(path, list));
    TRY(const auto parts, parts_of(path, value));
    if (parts.empty()) {
      if (verb == Verb::replace) remove_at(positions, list);
      return {};
    }
    const bool is_new = positions.empty();
    if (is_new) {
      if (path.at.sub != nullptr && is_empty(value)) return {};
      TRY(auto made, new_element(path, parts));
      if (!made) return {};
      positions.push_back(list.size());
      list.push_back(std::move(*made));
    } else {
      for (const auto position : positions) {
        TRY(merge_parts(attribute, parts, path.name, list[position].as_object()));
      }
    }
    if (is_new || find_member(parts, "primary") != nullptr) {
      std::erase_if(positions, [&](std::size_t position) { return !is_primary(list[position]); });
      settle_primary(positions, list);
    }
    drop_empty(list);
    return {};
  }

  // An element that meets the path's filter and has the parts; nothing when it would be empty.
  Result<std::optional<json::value>> new_element(const PatchPath& path, const json::object& parts) const {
    auto made = path.elements ? element_from(*path.elements) : std::optional(json::object());
    if (!made) {
      return refuse(ScimType::no_target,
                    "No element of " + path.name + " meets the filter, and none can be made from it.",
                    "path");
    }
    for (const auto& part : parts) {
      const auto* sub = path.at.attribute->sub(std::string_view(part.key()));
      if (sub != nullptr) (*made)[sub->name] = part.value();
    }
    return coerce_element(*path.at.attribute, *made, path.name);
  }

  Result<void> remove_whole(const PatchPath& path, const json::value& value, json::array& list) {
    if (value.is_null()) {
      list.clear();
      return {};
    }
    TRY(const auto listed, coerce(*path.at.attribute, value, path.name));
    TRY(charge(list.size()));
    if (listed) remove_elements(*path.at.attribute, listed->get_array(), list);
    return {};
  }

  Result<void> remove_chosen(const PatchPath& path, json::array& list) {
    const auto* sub = path.at.sub;
    if (sub != nullptr && (sub->required || sub->mutability == Mutability::immutable)) {
      return immutable(to_string(type_, path.at), "cannot be removed from an element");
    }
    TRY(const auto positions, chosen(path, list));
    if (sub == nullptr) {
      remove_at(positions, list);
      return {};
    }
    for (const auto position : positions) list[position].as_object().stable_erase(sub->name);
    drop_empty(list);
    return {};
  }

  static void drop_empty(json::array& list) {
    Positions empty;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (is_empty(list[i])) empty.push_back(i);
    }
    remove_at(empty, list);
  }

  const ResourceType& type_;
  json::object document_;
  std::size_t work_ = 0;
};

}  // namespace

Result<Patched> apply_patch(const ResourceType& type, const json::object& document,
                            std::span<const PatchOperation> operations) {
  auto before = finish_document(type, document);
  Patcher patcher(type, before);
  for (const auto& operation : operations) TRY(patcher.apply(operation));
  auto after = patcher.release();
  TRY(check_document(type, after));
  after = finish_document(type, std::move(after));
  const bool changed = after != before;
  return Patched{std::move(after), changed};
}

}  // namespace latchkey::scim
