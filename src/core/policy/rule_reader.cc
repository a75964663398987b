// The sections of a policy file that hold rules: acls, grants and tests.
#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "base/text.h"
#include "core/policy/hujson_format.h"
#include "core/policy/policy_reader.h"

namespace latchkey::policy {
namespace {

using Kind = Selector::Kind;

std::string quoted(std::string_view text) {
  return "\"" + std::string(clip(text, 100)) + "\"";
}

// "host:ports", where the host may be an IPv6 address, in brackets or not.
struct HostAndPorts {
  std::string_view host;
  std::string_view ports;
};
Result<HostAndPorts> split_ports(std::string_view text) {
  text = trim(text);
  if (text.starts_with('[')) {
    const auto end = text.find("]:");
    if (end == std::string_view::npos) return malformed("hostport must contain a colon");
    return HostAndPorts{text.substr(1, end - 1), text.substr(end + 2)};
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed("hostport must contain a colon");
  return HostAndPorts{text.substr(0, colon), text.substr(colon + 1)};
}

// Capabilities that need more from a server than passing them on.
Result<void> check_capability(std::string_view name) {
  if (name.find("://") != std::string_view::npos || name.find('/') == std::string_view::npos) {
    return malformed("capability name must have the form {domain}/{path}");
  }
  constexpr std::string_view kOwn = "tailscale.com/";
  if (!name.starts_with(kOwn)) return {};
  for (const std::string_view plain : {"cap/webui", "cap/kubernetes", "cap/tsidp", "cap/secrets"}) {
    if (name.substr(kOwn.size()) == plain) return {};
  }
  if (name == "tailscale.com/cap/drive" || name == "tailscale.com/cap/relay") {
    return malformed(quoted(name) + " is not supported by this server");
  }
  return malformed("capability name must not be in the tailscale.com domain");
}

}  // namespace

Result<void> PolicyReader::read_acl(const HujsonValue& acl) {
  TRY(auto reader, ObjectReader::over(acl, "an element of acls", places_));
  Rule rule;
  rule.line = places_.line_of(acl);
  TRY(const auto* action, reader.take({"action"}));
  TRY(const auto* sources, reader.take({"src", "users"}));
  TRY(const auto* destinations, reader.take({"dst", "ports"}));
  TRY(const auto* proto, reader.take({"proto"}));
  TRY(reader.finish());
  if (action == nullptr) return places_.refused(acl, "action is missing: it must be \"accept\"");
  if (action->text != "accept") {
    return places_.refused(*action, "action=" + quoted(action->text) + " is not supported");
  }
  Protocol protocol;
  if (proto != nullptr) {
    TRY(const auto text, text_of(*proto, "proto", places_));
    auto parsed = parse_protocol(text);
    if (!parsed) return places_.refused(*proto, parsed.error());
    protocol = *parsed;
  }
  TRY(rule.sources, selectors(sources, "src", Place::source, &rule.source_texts));
  TRY(const auto elements, elements_of(destinations, "dst", kMaxEntries, places_));
  for (const auto* element : elements) {
    TRY(auto target, acl_target(*element, protocol));
    rule.targets.push_back(std::move(target));
    rule.destination_texts.push_back(element->text);
  }
  TRY(check_self(rule, acl, true));
  parts_.rules.push_back(std::move(rule));
  return {};
}

Result<Rule::Target> PolicyReader::acl_target(const HujsonValue& element, const Protocol& protocol) {
  TRY(const auto text, text_of(element, "an element of dst", places_));
  const auto prefix = "dst=" + quoted(text) + ": ";
  const auto parts = split_ports(text);
  if (!parts) return places_.refused(element, parts.error(), prefix);
  const auto ports = parse_ports(parts->ports);
  if (!ports) return places_.refused(element, ports.error(), prefix);
  auto what = parse_selector(parts->host, Place::destination, parts_.names);
  if (!what) return places_.refused(element, what.error(), prefix);
  Rule::Target target{*std::move(what), {}};
  for (const auto& range : *ports) {
    if (!has_ports(protocol) && !range.is_every()) {
      return places_.refused(element, prefix + "this protocol has no ports, use '*'");
    }
    target.access.push_back({protocol, range});
  }
  return target;
}

Result<void> PolicyReader::read_grant(const HujsonValue& grant) {
  TRY(auto reader, ObjectReader::over(grant, "an element of grants", places_));
  Rule rule;
  rule.line = places_.line_of(grant);
  TRY(const auto* sources, reader.take({"src"}));
  TRY(const auto* destinations, reader.take({"dst"}));
  TRY(const auto* ip, reader.take({"ip"}));
  TRY(const auto* app, reader.take({"app"}));
  for (const auto& [name, value] : reader.rest()) {
    const bool known = equals_ignore_case(name->text, "via") || equals_ignore_case(name->text, "srcPosture");
    if (!known || !is_empty(*value)) {
      return places_.refused(*name, quoted(name->text) + " in a grant is not supported by this server");
    }
  }
  TRY(rule.sources, selectors(sources, "src", Place::source, &rule.source_texts));
  TRY(const auto access_list, elements_of(ip, "ip", kMaxPortRanges, places_));
  std::vector<Access> access;
  for (const auto* element : access_list) {
    TRY(const auto text, text_of(*element, "an element of ip", places_));
    const auto parsed = parse_access(text);
    if (!parsed) return places_.refused(*element, parsed.error());
    access.insert(access.end(), parsed->begin(), parsed->end());
  }
  TRY(read_capabilities(app, rule));
  if (access.empty() && rule.capabilities.empty()) {
    return places_.refused(grant, "ip and app can not both be empty");
  }
  TRY(const auto whats, selectors(destinations, "dst", Place::destination, &rule.destination_texts));
  for (const auto& what : whats) {
    if (what.kind == Kind::internet && !rule.capabilities.empty()) {
      return places_.refused(grant, "cannot use app grants with autogroup:internet");
    }
    if (what.kind == Kind::addresses && what.addresses.is_everything()) {
      return places_.refused(grant, "dst " + quoted(to_string(what.addresses)) +
                                        ": to allow all IP addresses, use \"*\" or \"autogroup:internet\"");
    }
    rule.targets.push_back({what, access});
  }
  TRY(check_self(rule, grant, false));
  parts_.rules.push_back(std::move(rule));
  return {};
}

Result<void> PolicyReader::read_capabilities(const HujsonValue* app, Rule& rule) {
  TRY(const auto entries, entries_of(app, "app", places_));
  for (const auto& [name, value] : entries) {
    if (const auto checked = check_capability(name->text); !checked) {
      return places_.refused(*name, checked.error());
    }
    if (value->kind != HujsonValue::Kind::array && value->kind != HujsonValue::Kind::null) {
      return places_.refused(*value, "a capability's value must be an array");
    }
    rule.capabilities[name->text] = boost::json::parse(to_strict_json(*value));
  }
  return {};
}

// autogroup:self means the source's own devices, so the sources must be people.
Result<void> PolicyReader::check_self(const Rule& rule, const HujsonValue& value,
                                      bool everything_is_allowed) const {
  const bool self = std::ranges::any_of(
      rule.targets, [](const Rule::Target& target) { return target.what.kind == Kind::self; });
  const bool people = std::ranges::all_of(rule.sources, [&](const Selector& source) {
    return source.kind == Kind::user || source.kind == Kind::group || source.kind == Kind::members ||
           source.kind == Kind::role || (source.kind == Kind::everything && everything_is_allowed);
  });
  if (!self || people) return {};
  return places_.refused(value,
                         "autogroup:self can only be used with users, groups, or supported autogroups");
}

Result<void> PolicyReader::read_tests(const HujsonValue& list) {
  TRY(const auto tests, elements_of(&list, "tests", kMaxTests, places_));
  for (const auto* test : tests) TRY(read_test(*test));
  return {};
}

Result<void> PolicyReader::read_test(const HujsonValue& value) {
  TRY(auto reader, ObjectReader::over(value, "an element of tests", places_));
  TRY(const auto* source, reader.take({"src", "user"}));
  TRY(const auto* proto, reader.take({"proto"}));
  TRY(const auto* accept, reader.take({"accept", "allow"}));
  TRY(const auto* deny, reader.take({"deny"}));
  TRY(const auto* attributes, reader.take({"srcPostureAttrs"}));
  TRY(reader.finish());
  if (attributes != nullptr && !is_empty(*attributes)) {
    return places_.refused(*attributes, "srcPostureAttrs is not supported by this server");
  }
  if (source == nullptr) return places_.refused(value, "a test needs src");
  Test test;
  TRY(test.source_text, text_of(*source, "src", places_));
  auto selector = parse_selector(test.source_text, Place::test_source, parts_.names);
  if (!selector) return places_.refused(*source, selector.error(), "src=");
  test.source = *std::move(selector);
  if (proto != nullptr) {
    TRY(const auto text, text_of(*proto, "proto", places_));
    const auto protocol = parse_protocol(text);
    if (!protocol) return places_.refused(*proto, protocol.error());
    if (!has_ports(*protocol)) return places_.refused(*proto, "the proto of a test must be tcp, udp or sctp");
    test.protocol = *protocol;
  }
  TRY(test.accept, aims(accept));
  TRY(test.deny, aims(deny));
  if (test.accept.empty() && test.deny.empty()) {
    return places_.refused(value, "a test needs at least one of accept and deny");
  }
  parts_.tests.push_back(std::move(test));
  return {};
}

Result<std::vector<Test::Aim>> PolicyReader::aims(const HujsonValue* list) {
  std::vector<Test::Aim> found;
  TRY(const auto elements, elements_of(list, "the destinations of a test", kMaxEntries, places_));
  for (const auto* element : elements) {
    TRY(const auto text, text_of(*element, "a destination of a test", places_));
    const auto prefix = "dst=" + quoted(text) + ": ";
    const auto parts = split_ports(text);
    if (!parts) return places_.refused(*element, parts.error(), prefix);
    const auto ports = parse_ports(parts->ports);
    if (!ports) return places_.refused(*element, ports.error(), prefix);
    if (ports->size() != 1 || ports->front().first != ports->front().last) {
      return places_.refused(*element, prefix + "a test names a single port");
    }
    auto what = parse_selector(parts->host, Place::test_destination, parts_.names);
    if (!what) return places_.refused(*element, what.error(), prefix);
    if (what->kind == Kind::addresses && !what->addresses.is_single()) {
      return places_.refused(*element, prefix + "a test names a single address");
    }
    found.push_back({*std::move(what), ports->front().first, text});
  }
  return found;
}

}  // namespace latchkey::policy
