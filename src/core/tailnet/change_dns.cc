#include "core/tailnet/change_dns.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "core/tailnet/settings_act.h"
#include "core/tailnet/settings_store.h"

namespace latchkey::tailnet {
namespace {

boost::json::array audit_view(const std::vector<Resolver>& resolvers) {
  boost::json::array list;
  for (const auto& resolver : resolvers) {
    list.push_back({{"address", resolver.address}, {"useWithExitNode", resolver.use_with_exit_node}});
  }
  return list;
}

// All but MagicDNS, which has an event of its own.
boost::json::object audit_view(const DnsConfiguration& dns) {
  boost::json::object split;
  for (const auto& [domain, resolvers] : dns.split_dns) split[domain] = audit_view(resolvers);
  boost::json::object view;
  view["nameservers"] = audit_view(dns.nameservers);
  view["splitDNS"] = std::move(split);
  view["searchPaths"] = boost::json::array(dns.search_paths.begin(), dns.search_paths.end());
  view["overrideLocalDNS"] = dns.override_local_dns;
  return view;
}

}  // namespace

DnsConfiguration read_dns(core::Tx& tx, const identity::Permit<identity::Operation::read_dns>& may) {
  return tx.settings().dns(may.tailnet());
}

Result<DnsConfiguration> change_dns(core::Tx& tx, const identity::Permit<identity::Operation::write_dns>& may,
                                    const DnsChange& change, TimePoint now) {
  tx.settings().hold(may.tailnet());
  const auto was = tx.settings().dns(may.tailnet());
  TRY(auto dns, apply(change, was));
  SettingsAct act(tx, may.caller(), audit::ChangeKind::dns_updated, now);
  act.updated("DNS_CONFIG", audit_view(was), audit_view(dns));
  act.switched("MAGIC_DNS", was.magic_dns, dns.magic_dns);
  // The order of nameservers counts, so whatever differs is in one of the two records.
  if (!act.empty()) tx.settings().save(may.tailnet(), dns, act.records(), act.change());
  return dns;
}

}  // namespace latchkey::tailnet
