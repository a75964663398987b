#include "core/tailnet/dns.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "core/tailnet/address.h"

namespace latchkey::tailnet {
namespace {

constexpr std::size_t kMaxDomain = 253;  // RFC 1035 section 2.3.4, as text
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxShown = 64;  // of a refused text in its refusal

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

Result<std::string> domain_of(std::string_view text, const std::string& member) {
  std::string domain = to_lower(text);
  if (domain.ends_with('.')) domain.pop_back();
  if (domain.size() <= kMaxDomain && std::ranges::all_of(split(domain, '.'), is_label) &&
      !holds_key(domain)) {
    return domain;
  }
  return malformed("'" + std::string(clip(text, kMaxShown)) + "' is not a domain such as corp.example.com",
                   member);
}

Result<void> check_resolvers(const std::vector<Resolver>& resolvers, const std::string& member) {
  if (resolvers.size() > kMaxNameservers) {
    return malformed("at most " + std::to_string(kMaxNameservers) + " nameservers are allowed in one list",
                     member);
  }
  std::set<std::string_view> seen;
  for (const auto& resolver : resolvers) {
    const std::string shown = "'" + std::string(clip(resolver.address, kMaxShown)) + "'";
    if (!Address::parse(resolver.address)) return malformed(shown + " is not an IP address", member);
    if (!seen.insert(resolver.address).second) {
      return malformed(shown + " is in the list of nameservers twice", member);
    }
  }
  return {};
}

// Folds domains, drops empty lists, refuses what is out of bounds.
Result<DnsConfiguration> checked(DnsConfiguration dns) {
  TRY(check_resolvers(dns.nameservers, "nameservers"));

  SplitDns domains;
  for (auto& [text, resolvers] : dns.split_dns) {
    TRY(check_resolvers(resolvers, "splitDNS"));
    TRY(auto domain, domain_of(text, "splitDNS"));
    if (!domains.emplace(domain, std::move(resolvers)).second) {
      return malformed("'" + domain + "' is in the split DNS twice", "splitDNS");
    }
  }
  std::erase_if(domains, [](const auto& entry) { return entry.second.empty(); });
  if (domains.size() > kMaxSplitDomains) {
    return malformed("at most " + std::to_string(kMaxSplitDomains) + " split DNS domains are allowed",
                     "splitDNS");
  }
  dns.split_dns = std::move(domains);

  if (dns.search_paths.size() > kMaxSearchPaths) {
    return malformed("at most " + std::to_string(kMaxSearchPaths) + " search paths are allowed",
                     "searchPaths");
  }
  std::set<std::string> seen;
  for (auto& path : dns.search_paths) {
    TRY(path, domain_of(path, "searchPaths"));
    if (!seen.insert(path).second) {
      return malformed("'" + path + "' is in the search paths twice", "searchPaths");
    }
  }
  return dns;
}

std::vector<Resolver> resolvers_of(const std::vector<std::string>& addresses,
                                   const std::vector<Resolver>& before) {
  std::vector<Resolver> resolvers;
  resolvers.reserve(addresses.size());
  for (const auto& address : addresses) {
    const auto known = std::ranges::find(before, address, &Resolver::address);
    resolvers.push_back(known == before.end() ? Resolver{address} : *known);
  }
  return resolvers;
}

Result<SplitDns> changed(const SplitDnsChange& change, const SplitDns& before) {
  SplitDns after;
  if (!change.replaces) after = before;
  std::set<std::string> seen;
  for (const auto& [text, addresses] : change.domains) {
    TRY(const auto domain, domain_of(text, "splitDNS"));
    if (!seen.insert(domain).second) {
      return malformed("'" + domain + "' is in the split DNS twice", "splitDNS");
    }
    const auto known = before.find(domain);
    after[domain] = resolvers_of(addresses, known == before.end() ? std::vector<Resolver>{} : known->second);
  }
  return after;
}

}  // namespace

Result<DnsConfiguration> apply(const DnsChange& change, const DnsConfiguration& before) {
  DnsConfiguration after = change.whole.value_or(before);
  if (change.nameservers) after.nameservers = resolvers_of(*change.nameservers, before.nameservers);
  if (change.search_paths) after.search_paths = *change.search_paths;
  if (change.magic_dns) after.magic_dns = *change.magic_dns;
  if (change.split_dns) {
    TRY(after.split_dns, changed(*change.split_dns, before.split_dns));
  }
  return checked(std::move(after));
}

}  // namespace latchkey::tailnet
