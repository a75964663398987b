// The doors to a tailnet's DNS configuration: /tailnet/{tailnet}/dns/nameservers, preferences, searchpaths,
// split-dns, configuration.
#include <boost/json/array.hpp>

#include "base/text.h"
#include "core/tailnet/change_dns.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;
using tailnet::DnsChange;
using tailnet::DnsConfiguration;
using tailnet::Resolver;

io::awaitable<Result<DnsConfiguration>> read(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_dns>(call.caller));
  auto work = [may](core::Tx& tx) -> Result<DnsConfiguration> { return tailnet::read_dns(tx, may); };
  co_return co_await context.db.read(std::move(work));
}

using Parse = Result<DnsChange> (*)(const std::string& body);

io::awaitable<Result<DnsConfiguration>> change(Context& context, Call& call, Parse parse) {
  CO_TRY(auto may, identity::authorize<Operation::write_dns>(call.caller));
  CO_TRY(auto wanted, parse(call.request.body));
  auto work = [may, wanted = std::move(wanted), now = context.clock.now()](core::Tx& tx) {
    return tailnet::change_dns(tx, may, wanted, now);
  };
  co_return co_await context.db.write(std::move(work));
}

// A list that must be named, so that a body without it cannot empty it; null empties.
Result<std::vector<std::string>> named_texts(const JsonBody& body, std::string_view name) {
  if (!body.has(name)) return malformed(std::string(name) + " is required", std::string(name));
  return body.texts(name);
}

Result<DnsChange> parse_nameservers(const std::string& text) {
  TRY(const auto body, JsonBody::parse(text));
  DnsChange change;
  TRY(change.nameservers, named_texts(body, "dns"));
  return change;
}

Result<DnsChange> parse_preferences(const std::string& text) {
  TRY(const auto body, JsonBody::parse(text));
  DnsChange change;
  TRY(change.magic_dns, body.flag("magicDNS"));
  if (!change.magic_dns) return malformed("magicDNS is required", "magicDNS");
  return change;
}

Result<DnsChange> parse_search_paths(const std::string& text) {
  TRY(const auto body, JsonBody::parse(text));
  DnsChange change;
  TRY(change.search_paths, named_texts(body, "searchPaths"));
  return change;
}

Result<DnsChange> parse_split(const std::string& text, bool replaces) {
  if (trim(text).empty())
    return malformed("a request body is required, such as {\"corp.example.com\": [...]}");
  // The Go client's way to write an empty map.
  TRY(const auto body, JsonBody::parse(trim(text) == "null" ? "{}" : text));
  tailnet::SplitDnsChange split;
  split.replaces = replaces;
  for (const auto& domain : body.names()) {
    TRY(split.domains[domain], body.texts(domain));
  }
  DnsChange change;
  change.split_dns = std::move(split);
  return change;
}
Result<DnsChange> parse_split_update(const std::string& text) {
  return parse_split(text, false);
}
Result<DnsChange> parse_split_replacement(const std::string& text) {
  return parse_split(text, true);
}

Result<std::vector<Resolver>> parse_resolvers(const JsonBody& body, std::string_view name) {
  TRY(const auto items, body.objects(name));
  std::vector<Resolver> resolvers;
  for (const auto& item : items) {
    TRY(const auto address, item.text("address"));
    TRY(const auto use_with_exit_node, item.flag("useWithExitNode"));
    resolvers.push_back({address.value_or(""), use_with_exit_node.value_or(false)});
  }
  return resolvers;
}

Result<DnsChange> parse_configuration(const std::string& text) {
  if (trim(text).empty()) return malformed("a request body is required, such as {\"preferences\": {}}");
  TRY(const auto body, JsonBody::parse(text));
  DnsConfiguration whole;
  whole.magic_dns = false;  // as upstream: what the body does not ask for is off
  TRY(whole.nameservers, parse_resolvers(body, "nameservers"));
  TRY(whole.search_paths, body.texts("searchPaths"));
  TRY(const auto split, body.object("splitDNS"));
  if (split) {
    for (const auto& domain : split->names()) {
      TRY(whole.split_dns[domain], parse_resolvers(*split, domain));
    }
  }
  TRY(const auto preferences, body.object("preferences"));
  if (preferences) {
    TRY(const auto override_local_dns, preferences->flag("overrideLocalDNS"));
    TRY(const auto magic_dns, preferences->flag("magicDNS"));
    whole.override_local_dns = override_local_dns.value_or(false);
    whole.magic_dns = magic_dns.value_or(false);
  }
  DnsChange change;
  change.whole = std::move(whole);
  return change;
}

boost::json::array addresses_json(const std::vector<Resolver>& resolvers) {
  boost::json::array list;
  for (const auto& resolver : resolvers) list.emplace_back(resolver.address);
  return list;
}

boost::json::array resolvers_json(const std::vector<Resolver>& resolvers) {
  boost::json::array list;
  for (const auto& resolver : resolvers) {
    list.push_back({{"address", resolver.address}, {"useWithExitNode", resolver.use_with_exit_node}});
  }
  return list;
}

boost::json::object preferences_json(const DnsConfiguration& dns) {
  return {{"magicDNS", dns.magic_dns}};
}

boost::json::object search_paths_json(const DnsConfiguration& dns) {
  boost::json::object json;
  json["searchPaths"] = boost::json::array(dns.search_paths.begin(), dns.search_paths.end());
  return json;
}

boost::json::object split_json(const DnsConfiguration& dns) {
  boost::json::object json;
  for (const auto& [domain, resolvers] : dns.split_dns) json[domain] = addresses_json(resolvers);
  return json;
}

// Empty lists are left out here, and only here: clients compare with a configuration that has none.
boost::json::object configuration_json(const DnsConfiguration& dns) {
  boost::json::object json;
  if (!dns.nameservers.empty()) json["nameservers"] = resolvers_json(dns.nameservers);
  boost::json::object split;
  for (const auto& [domain, resolvers] : dns.split_dns) split[domain] = resolvers_json(resolvers);
  if (!split.empty()) json["splitDNS"] = std::move(split);
  if (!dns.search_paths.empty()) {
    json["searchPaths"] = boost::json::array(dns.search_paths.begin(), dns.search_paths.end());
  }
  json["preferences"] = {{"overrideLocalDNS", dns.override_local_dns}, {"magicDNS", dns.magic_dns}};
  return json;
}

}  // namespace

Answer get_nameservers(Context& context, Call& call) {
  CO_TRY(const auto dns, co_await read(context, call));
  boost::json::object body;
  body["dns"] = addresses_json(dns.nameservers);  // another member would break the Go client
  co_return json_response(body);
}

Answer set_nameservers(Context& context, Call& call) {
  CO_TRY(const auto dns, co_await change(context, call, parse_nameservers));
  boost::json::object body;
  body["dns"] = addresses_json(dns.nameservers);
  body["magicDNS"] = dns.magic_dns;
  co_return json_response(body);
}

Answer get_dns_preferences(Context& context, Call& call) {
  CO_TRY(const auto dns, co_await read(context, call));
  co_return json_response(preferences_json(dns));
}

Answer set_dns_preferences(Context& context, Call& call) {
  CO_TRY(const auto dns, co_await change(context, call, parse_preferences));
  co_return json_response(preferences_json(dns));
}

Answer get_search_paths(Context& context, Call& call) {
  CO_TRY(const auto dns, co_await read(context, call));
  co_return json_response(search_paths_json(dns));
}

Answer set_search_paths(Context& context, Call& call) {
  CO_TRY(const auto dns, co_await change(context, call, parse_search_paths));
  co_return json_response(search_paths_json(dns));
}

Answer get_split_dns(Context& context, Call& call) {
  CO_TRY(const auto dns, co_await read(context, call));
  co_return json_response(split_json(dns));
}

Answer update_split_dns(Context& context, Call& call) {
  CO_TRY(const auto dns, co_await change(context, call, parse_split_update));
  co_return json_response(split_json(dns));
}

Answer set_split_dns(Context& context, Call& call) {
  CO_TRY(const auto dns, co_await change(context, call, parse_split_replacement));
  co_return json_response(split_json(dns));
}

Answer get_dns_configuration(Context& context, Call& call) {
  CO_TRY(const auto dns, co_await read(context, call));
  co_return json_response(configuration_json(dns));
}

Answer set_dns_configuration(Context& context, Call& call) {
  CO_TRY(const auto dns, co_await change(context, call, parse_configuration));
  co_return json_response(configuration_json(dns));
}

}  // namespace latchkey::http
