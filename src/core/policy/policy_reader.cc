#include "core/policy/policy_reader.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "core/identity/user.h"
#include "core/policy/tag.h"

namespace latchkey::policy {
namespace {

// Sections that upstream knows and this server does not enforce; harmless while they are empty.
constexpr std::array<std::string_view, 14> kNotEnforced{"ssh",
                                                        "sshTests",
                                                        "postures",
                                                        "defaultSrcPosture",
                                                        "nodeAttrs",
                                                        "derpMap",
                                                        "ipsets",
                                                        "attrConfig",
                                                        "disableIPv4",
                                                        "oneCGNATRoute",
                                                        "services",
                                                        "extraDNSRecords",
                                                        "randomizeClientPort",
                                                        "srcPosture"};

std::string quoted(std::string_view text) {
  return "\"" + std::string(clip(text, 100)) + "\"";
}

bool is_group_name(std::string_view name) {
  return name.starts_with("group:") && name.size() > 6 && identity::check_login_name(name).ok();
}

bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= 253 && name != "*" &&
         name.find_first_of(":@/ ,") == std::string_view::npos && !parse_address(name) &&
         identity::check_login_name(name).ok();
}

}  // namespace

Result<void> PolicyReader::read(const HujsonValue& root) {
  TRY(auto file, ObjectReader::over(root, "the policy file", places_));
  // What is referred to comes first, in whatever order the file has it.
  TRY(const auto* groups, file.take({"groups"}));
  TRY(const auto* hosts, file.take({"hosts"}));
  TRY(const auto* tag_owners, file.take({"tagOwners"}));
  TRY(const auto* auto_approvers, file.take({"autoApprovers"}));
  TRY(const auto* acls, file.take({"acls"}));
  TRY(const auto* grants, file.take({"grants"}));
  TRY(const auto* tests, file.take({"tests"}));
  for (const auto& [name, value] : file.rest()) {
    const bool known = std::ranges::any_of(
        kNotEnforced, [&](auto section) { return equals_ignore_case(section, name->text); });
    if (known && is_empty(*value)) continue;
    return places_.refused(*name, quoted(name->text) + " is not supported by this server");
  }
  TRY(read_groups(groups));
  TRY(read_hosts(hosts));
  TRY(read_tag_owners(tag_owners));
  TRY(read_auto_approvers(auto_approvers));
  TRY(const auto acl_list, elements_of(acls, "acls", kMaxRules, places_));
  for (const auto* acl : acl_list) TRY(read_acl(*acl));
  TRY(const auto grant_list, elements_of(grants, "grants", kMaxRules, places_));
  for (const auto* grant : grant_list) TRY(read_grant(*grant));
  // As upstream: without any section of rules everything is allowed; an empty one allows nothing.
  if (acls == nullptr && grants == nullptr) {
    Rule everything;
    everything.line = places_.line_of(root);
    everything.sources.emplace_back();
    everything.targets.push_back({Selector{}, {Access{}}});
    everything.source_texts = {"*"};
    everything.destination_texts = {"*:*"};
    parts_.rules.push_back(std::move(everything));
  }
  if (tests != nullptr) TRY(read_tests(*tests));
  return {};
}

Result<void> PolicyReader::read_groups(const HujsonValue* groups) {
  TRY(const auto entries, entries_of(groups, "groups", places_));
  for (const auto& [name, value] : entries) {
    if (!is_group_name(name->text)) {
      return places_.refused(*name, "a group is named group: and a name, not " + quoted(name->text));
    }
    TRY(const auto members, elements_of(value, name->text, kMaxEntries, places_));
    std::vector<std::string> logins;
    for (const auto* member : members) {
      TRY(const auto login, text_of(*member, "a member of a group", places_));
      const std::string trimmed(trim(login));
      const bool other = std::ranges::any_of(std::array{"group:", "tag:", "autogroup:"},
                                             [&](const char* word) { return trimmed.starts_with(word); });
      if (other || !identity::check_login_name(trimmed)) {
        return places_.refused(*member, quoted(login) + " in " + name->text +
                                            " is no login name: the members of a group are users");
      }
      logins.push_back(to_lower(trimmed));
    }
    std::ranges::sort(logins);
    parts_.names.groups.emplace(name->text, std::move(logins));
  }
  return {};
}

Result<void> PolicyReader::read_hosts(const HujsonValue* hosts) {
  TRY(const auto entries, entries_of(hosts, "hosts", places_));
  for (const auto& [name, value] : entries) {
    if (!is_host_name(name->text)) return places_.refused(*name, "invalid host name: " + quoted(name->text));
    TRY(const auto text, text_of(*value, "a host's address", places_));
    const auto prefix = parse_prefix(trim(text));
    if (!prefix) {
      return places_.refused(
          *value, "hostname " + quoted(name->text) + " contains invalid IP address: " + quoted(text));
    }
    parts_.names.hosts.emplace(name->text, *prefix);
  }
  return {};
}

Result<void> PolicyReader::read_tag_owners(const HujsonValue* owners) {
  TRY(const auto entries, entries_of(owners, "tagOwners", places_));
  for (const auto& [name, value] : entries) {
    if (!is_tag(name->text)) {
      return places_.refused(
          *name, quoted(name->text) + " is no tag: tag: then a letter, then letters, digits and hyphens");
    }
    parts_.names.tags.push_back(name->text);
  }
  std::ranges::sort(parts_.names.tags);
  for (const auto& [name, value] : entries) {
    TRY(auto list, selectors(value, name->text, Place::owner));
    parts_.tag_owners.emplace(name->text, std::move(list));
  }
  return {};
}

Result<void> PolicyReader::read_auto_approvers(const HujsonValue* approvers) {
  if (approvers == nullptr) return {};
  TRY(auto section, ObjectReader::over(*approvers, "autoApprovers", places_));
  TRY(const auto* routes, section.take({"routes"}));
  TRY(const auto* exit_node, section.take({"exitNode"}));
  TRY(section.finish());
  TRY(const auto entries, entries_of(routes, "routes", places_));
  for (const auto& [name, value] : entries) {
    const auto route = parse_prefix(name->text);
    if (!route) return places_.refused(*name, "invalid prefix: " + quoted(name->text));
    TRY(auto list, selectors(value, name->text, Place::approver));
    parts_.auto_approvers.routes.emplace_back(*route, std::move(list));
  }
  TRY(parts_.auto_approvers.exit_node, selectors(exit_node, "exitNode", Place::approver));
  return {};
}

Result<std::vector<Selector>> PolicyReader::selectors(const HujsonValue* list, std::string_view what,
                                                      Place place, std::vector<std::string>* texts) {
  std::vector<Selector> found;
  TRY(const auto elements, elements_of(list, what, kMaxEntries, places_));
  for (const auto* element : elements) {
    TRY(const auto text, text_of(*element, "an element of " + std::string(what), places_));
    auto selector = parse_selector(text, place, parts_.names);
    if (!selector) return places_.refused(*element, selector.error(), std::string(what) + "=");
    found.push_back(*std::move(selector));
    if (texts != nullptr) texts->push_back(text);
  }
  return found;
}

}  // namespace latchkey::policy
