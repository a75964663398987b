#include "storage/settings_store.h"

#include <boost/json.hpp>

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

// Changes nothing, and locks the row where several can write at once.
const Statement kHold{"UPDATE tailnets SET name = name WHERE id = $1"};
const Statement kFindSettings{
    "SELECT devices_approval, devices_key_duration_days, devices_auto_updates, users_approval,"
    " users_join_external, acls_externally_managed, acls_external_link, posture_identity_collection,"
    " https_certificates, network_flow_logging, regional_routing FROM tailnet_settings WHERE tailnet_id = "
    "$1"};
const Statement kSaveSettings{
    "INSERT INTO tailnet_settings (tailnet_id, devices_approval, devices_key_duration_days,"
    " devices_auto_updates, users_approval, users_join_external, acls_externally_managed,"
    " acls_external_link, posture_identity_collection, https_certificates,"
    " network_flow_logging, regional_routing) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    " ON CONFLICT (tailnet_id) DO UPDATE SET devices_approval = excluded.devices_approval,"
    " devices_key_duration_days = excluded.devices_key_duration_days,"
    " devices_auto_updates = excluded.devices_auto_updates, users_approval = excluded.users_approval,"
    " users_join_external = excluded.users_join_external,"
    " acls_externally_managed = excluded.acls_externally_managed,"
    " acls_external_link = excluded.acls_external_link,"
    " posture_identity_collection = excluded.posture_identity_collection,"
    " https_certificates = excluded.https_certificates,"
    " network_flow_logging = excluded.network_flow_logging, regional_routing = excluded.regional_routing"};
const Statement kFindDns{
    "SELECT nameservers, split_dns, search_paths, override_local_dns, magic_dns"
    " FROM dns_configurations WHERE tailnet_id = $1"};
const Statement kSaveDns{
    "INSERT INTO dns_configurations (tailnet_id, nameservers, split_dns, search_paths, override_local_dns,"
    " magic_dns) VALUES ($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT (tailnet_id) DO UPDATE SET nameservers = excluded.nameservers,"
    " split_dns = excluded.split_dns, search_paths = excluded.search_paths,"
    " override_local_dns = excluded.override_local_dns, magic_dns = excluded.magic_dns"};
const Statement kFindContacts{"SELECT account, support, security FROM contacts WHERE tailnet_id = $1"};
const Statement kSaveContacts{
    "INSERT INTO contacts (tailnet_id, account, support, security) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (tailnet_id) DO UPDATE SET account = excluded.account, support = excluded.support,"
    " security = excluded.security"};

boost::json::array json_of(const std::vector<tailnet::Resolver>& resolvers) {
  boost::json::array list;
  for (const auto& resolver : resolvers) {
    list.push_back({{"address", resolver.address}, {"useWithExitNode", resolver.use_with_exit_node}});
  }
  return list;
}

boost::json::object json_of(const tailnet::SplitDns& split) {
  boost::json::object json;
  for (const auto& [domain, resolvers] : split) json[domain] = json_of(resolvers);
  return json;
}

std::vector<tailnet::Resolver> resolvers_of(const boost::json::value& json) {
  std::vector<tailnet::Resolver> resolvers;
  for (const auto& item : json.as_array()) {
    resolvers.push_back({std::string(item.at("address").as_string()), item.at("useWithExitNode").as_bool()});
  }
  return resolvers;
}

tailnet::DnsConfiguration dns_of(const Row& row) {
  tailnet::DnsConfiguration dns;
  try {
    dns.nameservers = resolvers_of(boost::json::parse(row.at(0).text()));
    const auto split = boost::json::parse(row.at(1).text());
    for (const auto& [domain, resolvers] : split.as_object()) {
      dns.split_dns.emplace(domain, resolvers_of(resolvers));
    }
  } catch (const boost::system::system_error&) {
    throw DatabaseError("a DNS configuration holds something other than lists of resolvers");
  }
  dns.search_paths = list_of(row.at(2).text());
  dns.override_local_dns = row.at(3).flag();
  dns.magic_dns = row.at(4).flag();
  return dns;
}

}  // namespace

void SqlSettingsStore::hold(const TailnetId& tailnet) {
  work_.connection().run(kHold, {tailnet.str()});
}

tailnet::TailnetSettings SqlSettingsStore::settings(const TailnetId& tailnet) {
  const auto rows = work_.connection().run(kFindSettings, {tailnet.str()});
  tailnet::TailnetSettings settings;
  if (rows.empty()) return settings;
  const auto& row = rows.front();
  const auto join_external = tailnet::join_external_from(row.at(4).text());
  if (!join_external) throw DatabaseError("a tailnet's settings hold an unknown word");
  settings.devices_approval = row.at(0).flag();
  settings.devices_key_duration_days = row.at(1).number();
  settings.devices_auto_updates = row.at(2).flag();
  settings.users_approval = row.at(3).flag();
  settings.users_join_external = *join_external;
  settings.acls_externally_managed = row.at(5).flag();
  settings.acls_external_link = row.at(6).text();
  settings.posture_identity_collection = row.at(7).flag();
  settings.https = row.at(8).flag();
  settings.network_flow_logging = row.at(9).flag();
  settings.regional_routing = row.at(10).flag();
  return settings;
}

tailnet::DnsConfiguration SqlSettingsStore::dns(const TailnetId& tailnet) {
  const auto rows = work_.connection().run(kFindDns, {tailnet.str()});
  return rows.empty() ? tailnet::DnsConfiguration{} : dns_of(rows.front());
}

tailnet::Contacts SqlSettingsStore::contacts(const TailnetId& tailnet) {
  const auto rows = work_.connection().run(kFindContacts, {tailnet.str()});
  tailnet::Contacts contacts;
  if (rows.empty()) return contacts;
  contacts.of(tailnet::ContactKind::account) = rows[0].at(0).text();
  contacts.of(tailnet::ContactKind::support) = rows[0].at(1).text();
  contacts.of(tailnet::ContactKind::security) = rows[0].at(2).text();
  return contacts;
}

void SqlSettingsStore::save(const TailnetId& tailnet, const tailnet::TailnetSettings& settings,
                            std::span<const audit::Record> records, const audit::Change& change) {
  work_.connection().run(
      kSaveSettings, {tailnet.str(), settings.devices_approval, settings.devices_key_duration_days,
                      settings.devices_auto_updates, settings.users_approval,
                      std::string(to_string(settings.users_join_external)), settings.acls_externally_managed,
                      settings.acls_external_link, settings.posture_identity_collection, settings.https,
                      settings.network_flow_logging, settings.regional_routing});
  record(records, change);
}

void SqlSettingsStore::save(const TailnetId& tailnet, const tailnet::DnsConfiguration& dns,
                            std::span<const audit::Record> records, const audit::Change& change) {
  work_.connection().run(kSaveDns, {tailnet.str(), boost::json::serialize(json_of(dns.nameservers)),
                                    boost::json::serialize(json_of(dns.split_dns)),
                                    list_text(dns.search_paths), dns.override_local_dns, dns.magic_dns});
  record(records, change);
}

void SqlSettingsStore::save(const TailnetId& tailnet, const tailnet::Contacts& contacts,
                            std::span<const audit::Record> records, const audit::Change& change) {
  using tailnet::ContactKind;
  work_.connection().run(kSaveContacts,
                         {tailnet.str(), contacts.of(ContactKind::account), contacts.of(ContactKind::support),
                          contacts.of(ContactKind::security)});
  record(records, change);
}

void SqlSettingsStore::record(std::span<const audit::Record> records, const audit::Change& change) {
  work_.record({records.front(), change});
  for (const auto& further : records.subspan(1)) work_.record_only(further);
}

}  // namespace latchkey::storage
