#include "core/provisioning/user_document.h"

#include <boost/json/array.hpp>

#include "base/text.h"
#include "core/scim/document.h"
#include "core/scim/rendering.h"

namespace latchkey::provisioning {
namespace {

namespace json = boost::json;
using scim::text_in;

constexpr std::size_t kMaxShownName = 254;

// Clients ask for names and an address of everybody, and take whoever lacks them for broken.
json::object made_up(const identity::User& user) {
  json::object document;
  const std::string shown = user.display_name.empty() ? user.login_name : user.display_name;
  const auto space = shown.find(' ');
  json::object name;
  name["formatted"] = shown;
  name["givenName"] = shown.substr(0, space);
  name["familyName"] = space == std::string::npos ? shown : shown.substr(space + 1);
  document["name"] = std::move(name);
  document["displayName"] = shown;
  if (user.login_name.find('@') != std::string::npos) {
    document["emails"] =
        json::array{json::object{{"value", user.login_name}, {"type", "work"}, {"primary", true}}};
  }
  return document;
}

// One line that may be shown anywhere.
std::string one_line(std::string_view text) {
  std::string line(clip(text, kMaxShownName));
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7F) c = ' ';
  }
  return holds_key(line) ? std::string() : std::string(trim(line));
}

std::string display_name_of(const json::object& document) {
  if (auto name = one_line(text_in(document, "displayName")); !name.empty()) return name;
  const auto* name = document.if_contains("name");
  if (name == nullptr || !name->is_object()) return {};
  const auto& parts = name->get_object();
  if (auto formatted = one_line(text_in(parts, "formatted")); !formatted.empty()) return formatted;
  return one_line(text_in(parts, "givenName") + " " + text_in(parts, "familyName"));
}

}  // namespace

json::object document_of(const UserResource& resource, std::span<const Membership> groups) {
  const auto& user = resource.user;
  json::object document = resource.kept ? resource.kept->document : made_up(user);
  document["userName"] = user.login_name;
  const bool suspended = user.status == identity::UserStatus::suspended;
  if (!suspended || !resource.kept || !resource.kept->active_removed) document["active"] = !suspended;
  json::array list;
  for (const auto& group : groups) {
    list.push_back(
        json::object{{"value", group.group.str()}, {"display", group.group_name}, {"type", "direct"}});
  }
  if (!list.empty()) document["groups"] = std::move(list);
  return document;
}

json::object shown_document(const UserResource& resource, std::span<const Membership> groups,
                            std::string_view base_url) {
  const auto& user = resource.user;
  const auto modified = resource.kept ? resource.kept->modified : user.created;
  return scim::complete_document(scim::user_type(), document_of(resource, groups),
                                 {user.id.str(), user.created, modified, version_of(resource)}, base_url);
}

Wanted wanted_of(json::object document) {
  Wanted wanted;
  wanted.login_name = text_in(document, "userName");
  wanted.display_name = display_name_of(document);
  wanted.external_id = text_in(document, "externalId");
  if (const auto* active = document.if_contains("active"); active != nullptr && active->is_bool()) {
    wanted.active = active->get_bool();
  }
  for (const char* not_kept : {"schemas", "id", "meta", "groups", "userName", "active"}) {
    document.stable_erase(not_kept);
  }
  wanted.kept = std::move(document);
  return wanted;
}

std::uint64_t version_of(const UserResource& resource) {
  // The row counts its own changes; each grows alone, so their sum does.
  return static_cast<std::uint64_t>(resource.user.revision) + (resource.kept ? resource.kept->revision : 0);
}

}  // namespace latchkey::provisioning
