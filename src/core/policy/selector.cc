#include "core/policy/selector.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "core/identity/user.h"
#include "core/policy/synced_group.h"
#include "core/policy/tag.h"

namespace latchkey::policy {
namespace {

using Kind = Selector::Kind;

constexpr std::string_view kAutogroup = "autogroup:";

std::string quoted(std::string_view text) {
  return "\"" + std::string(clip(text, 100)) + "\"";
}

Result<Selector> autogroup(std::string_view text) {
  const auto name = text.substr(kAutogroup.size());
  if (name == "member" || name == "members") return Selector{.kind = Kind::members};
  if (name == "tagged") return Selector{.kind = Kind::tagged};
  if (name == "self") return Selector{.kind = Kind::self};
  if (name == "internet") return Selector{.kind = Kind::internet};
  const auto role = identity::role_from(name);
  if (role && *role != identity::Role::member) return Selector{.kind = Kind::role, .role = *role};
  return malformed("autogroup not found: " + quoted(text));
}

Result<Selector> named(std::string_view text, const Names& names) {
  if (text.starts_with(kAutogroup)) return autogroup(text);
  if (text.starts_with("group:")) {
    if (!names.groups.contains(text) && !synced_reference(text)) {
      return malformed("group not found: " + quoted(text));
    }
    return Selector{.kind = Kind::group, .name = std::string(text)};
  }
  if (text.starts_with("tag:")) {
    if (!std::ranges::binary_search(names.tags, text)) return malformed("tag not found: " + quoted(text));
    return Selector{.kind = Kind::tag, .name = std::string(text)};
  }
  if (const auto prefix = parse_prefix(text)) return Selector{.kind = Kind::addresses, .addresses = *prefix};
  for (const std::string_view unsupported : {"ipset:", "svc:", "user:", "localpart:"}) {
    if (text.starts_with(unsupported)) {
      return malformed(quoted(text) + " is not supported by this server");
    }
  }
  if (const auto host = names.hosts.find(text); host != names.hosts.end()) {
    return Selector{.kind = Kind::addresses, .addresses = host->second};
  }
  if (text.find('@') != std::string_view::npos && identity::check_login_name(text).ok()) {
    return Selector{.kind = Kind::user, .name = to_lower(text)};
  }
  if (text.find('/') != std::string_view::npos) {
    return malformed("invalid prefix: " + quoted(text) + " (bits beyond its length must be zero)");
  }
  return malformed("host not found: " + quoted(text));
}

// Which kinds a place takes.
bool fits(Kind kind, Place place) {
  switch (kind) {
    case Kind::everything:
      return place == Place::source || place == Place::destination;
    case Kind::user:
    case Kind::group:
      return place != Place::test_destination;
    case Kind::tag:
      return true;
    case Kind::addresses:
      return place != Place::owner && place != Place::approver;
    case Kind::members:
    case Kind::role:
      return place != Place::test_destination;
    case Kind::tagged:
      return place != Place::owner;
    case Kind::self:
      return place == Place::destination || place == Place::test_destination;
    case Kind::internet:
      return place == Place::destination;
  }
  return false;
}

std::string_view description(Place place) {
  switch (place) {
    case Place::source:
      return "on the src side of a rule";
    case Place::destination:
      return "on the dst side of a rule";
    case Place::owner:
      return "as the owner of a tag";
    case Place::approver:
      return "as an auto-approver";
    case Place::test_source:
      return "as the src of a test";
    case Place::test_destination:
      return "as a destination of a test";
  }
  return "";
}

bool is_in_group(const Groups& groups, const std::string& group, const std::string& login) {
  const auto found = groups.find(group);
  return found != groups.end() && std::ranges::binary_search(found->second, to_lower(login));
}

}  // namespace

Result<Selector> parse_selector(std::string_view text, Place place, const Names& names) {
  text = trim(text);
  Selector selector;
  if (text == "autogroup:danger-all") {
    if (place != Place::source) return malformed("cannot use autogroup:danger-all as a dst");
  } else if (text != "*") {
    TRY(selector, named(text, names));
  }
  if (!fits(selector.kind, place)) {
    return malformed(quoted(text) + " not valid " + std::string(description(place)));
  }
  return selector;
}

bool selects(const Selector& selector, const Identity& who, const Groups& groups) {
  switch (selector.kind) {
    case Kind::everything:
      return true;
    case Kind::user:
      return who.is_person() && equals_ignore_case(who.login, selector.name);
    case Kind::group:
      return who.is_person() && is_in_group(groups, selector.name, who.login);
    case Kind::tag:
      return std::ranges::find(who.tags, selector.name) != who.tags.end();
    case Kind::members:
      return who.is_person();
    case Kind::tagged:
      return !who.tags.empty();
    case Kind::role:
      return who.is_person() && who.role == selector.role;
    case Kind::addresses:
    case Kind::self:
    case Kind::internet:
      return false;
  }
  return false;
}

}  // namespace latchkey::policy
