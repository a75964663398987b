#include "core/scim/patch_request.h"

#include <utility>

#include "base/text.h"
#include "core/scim/document.h"
#include "core/scim/refusal.h"
#include "core/scim/strict_json.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;
using Verb = PatchOperation::Verb;

std::optional<Verb> verb_of(const json::value* op) {
  if (op == nullptr || !op->is_string()) return std::nullopt;
  const std::string_view word = op->get_string();
  if (equals_ignore_case(word, "add")) return Verb::add;
  if (equals_ignore_case(word, "replace")) return Verb::replace;
  if (equals_ignore_case(word, "remove")) return Verb::remove;
  return std::nullopt;
}

Result<PatchOperation> read_operation(const json::value& value) {
  if (!value.is_object()) {
    return refuse(ScimType::invalid_syntax, "Each element of 'Operations' must be an object.");
  }
  const auto& object = value.get_object();
  const auto verb = verb_of(find_member(object, "op"));
  if (!verb) {
    return refuse(ScimType::invalid_syntax, "'op' of an operation must be add, replace or remove.", "op");
  }
  PatchOperation operation;
  operation.verb = *verb;
  const auto* path = find_member(object, "path");
  if (path != nullptr && !path->is_null()) {
    if (!path->is_string()) {
      return refuse(ScimType::invalid_path, "'path' of an operation must be text.", "path");
    }
    operation.path.emplace(path->get_string());
  }
  const auto* given = find_member(object, "value");
  if (given != nullptr) {
    operation.value = *given;
  } else if (operation.verb != Verb::remove) {
    return refuse(ScimType::invalid_value, "An operation that adds or replaces needs a 'value'.", "value");
  }
  return operation;
}

Error unreadable(std::string_view text) {
  return refuse(ScimType::invalid_path, "'" + std::string(clip(redact_keys(text), 128)) + "' is no path.",
                "path");
}

Error unknown(const ResourceType& type, std::string_view text) {
  return refuse(ScimType::invalid_path,
                "'" + std::string(clip(redact_keys(text), 128)) + "' is not an attribute of " +
                    std::string(type.name) + ".",
                "path");
}

bool is_not_kept(const ResourceType& type, std::string_view text) {
  if (type.not_kept.empty()) return false;
  return equals_ignore_case(text, type.not_kept) ||
         equals_ignore_case(text, std::string(type.core->urn) + ":" + std::string(type.not_kept));
}

// Behind the bracket that closes the one at `open`, texts aside; npos when there is none.
std::size_t end_of_brackets(std::string_view text, std::size_t open) {
  bool in_text = false;
  for (std::size_t at = open + 1; at < text.size(); ++at) {
    if (in_text && text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      in_text = !in_text;
    } else if (!in_text && text[at] == ']') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

// `list[filter]` or `list[filter].sub`.
Result<PatchPath> parse_element_path(const ResourceType& type, std::string_view text, std::size_t open) {
  const auto end = end_of_brackets(text, open);
  if (end == std::string_view::npos) return unreadable(text);
  const auto list = find_path(type, trim(text.substr(0, open)));
  if (!list || list->attribute == nullptr) return unknown(type, text.substr(0, open));
  if (list->sub != nullptr || !list->attribute->multi_valued || list->attribute->sub_attributes.empty()) {
    return refuse(ScimType::invalid_path,
                  "'" + to_string(type, *list) + "' is no list whose elements could be chosen.", "path");
  }
  PatchPath path{*list, std::nullopt, to_string(type, *list)};
  TRY(auto elements, parse_element_filter(*list->attribute, text.substr(open + 1, end - open - 2)));
  path.elements = std::move(elements);
  const auto rest = trim(text.substr(end));
  if (rest.empty()) return path;
  if (!rest.starts_with('.')) return unreadable(text);
  path.at.sub = list->attribute->sub(rest.substr(1));
  if (path.at.sub == nullptr) return unknown(type, path.name + std::string(rest));
  return path;
}

}  // namespace

Result<std::vector<PatchOperation>> read_patch(const json::object& body) {
  if (!lists_schema(body, kPatchOpUrn)) {
    return refuse(ScimType::invalid_syntax, "'schemas' must contain " + std::string(kPatchOpUrn) + ".",
                  "schemas");
  }
  const auto* list = find_member(body, "Operations");
  if (list == nullptr || !list->is_array()) {
    return refuse(ScimType::invalid_syntax, "'Operations' must be a list of operations.", "Operations");
  }
  if (list->get_array().size() > kMaxPatchOperations) {
    return refuse(ScimType::too_many,
                  "A PATCH takes at most " + std::to_string(kMaxPatchOperations) + " operations.");
  }
  if (count_elements(*list) > kMaxRequestElements) {
    return refuse(ScimType::too_many,
                  "A request takes at most " + std::to_string(kMaxRequestElements) + " elements of lists.");
  }
  std::vector<PatchOperation> operations;
  for (const auto& each : list->get_array()) {
    TRY(auto operation, read_operation(each));
    operations.push_back(std::move(operation));
  }
  return operations;
}

Result<std::optional<PatchPath>> parse_patch_path(const ResourceType& type, std::string_view text) {
  if (text.size() > kMaxFilterBytes) {
    return refuse(ScimType::invalid_path,
                  "A path takes at most " + std::to_string(kMaxFilterBytes) + " bytes.", "path");
  }
  text = trim(text);
  const auto open = text.find('[');
  if (open != std::string_view::npos) {
    TRY(auto path, parse_element_path(type, text, open));
    return std::optional<PatchPath>(std::move(path));
  }
  if (text.empty()) return unreadable(text);
  const auto found = find_path(type, text);
  if (!found && is_not_kept(type, text)) return std::optional<PatchPath>();
  if (!found) return unknown(type, text);
  return std::optional<PatchPath>(
      PatchPath{*found, std::nullopt, to_string(type, {found->schema, found->attribute, nullptr})});
}

}  // namespace latchkey::scim
