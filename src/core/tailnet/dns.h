// What the devices of a tailnet are told about names: resolvers, split DNS, search paths, MagicDNS.
//
// One configuration behind six doors of the API. Domains are lower case without a final dot; nameservers keep
// their order and their spelling.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace latchkey::tailnet {

inline constexpr std::size_t kMaxNameservers = 16;  // in each list
inline constexpr std::size_t kMaxSplitDomains = 128;
inline constexpr std::size_t kMaxSearchPaths = 64;

struct Resolver {
  std::string address;  // IPv4 or IPv6
  bool use_with_exit_node = false;

  bool operator==(const Resolver&) const = default;
};

using SplitDns = std::map<std::string, std::vector<Resolver>>;  // no list is empty

struct DnsConfiguration {
  std::vector<Resolver> nameservers;
  SplitDns split_dns;
  std::vector<std::string> search_paths;
  bool override_local_dns = false;  // nameservers replace what a device's own network says
  bool magic_dns = true;            // devices find each other by name

  bool operator==(const DnsConfiguration&) const = default;
};

struct SplitDnsChange {
  std::map<std::string, std::vector<std::string>> domains;  // an empty list removes the domain
  bool replaces = false;                                    // domains that are not named go too
};

// What somebody wants changed. Absent members stay; a resolver given by its address alone keeps its flag
// where it was there before.
struct DnsChange {
  std::optional<DnsConfiguration> whole;
  std::optional<std::vector<std::string>> nameservers;
  std::optional<std::vector<std::string>> search_paths;
  std::optional<bool> magic_dns;
  std::optional<SplitDnsChange> split_dns;
};

// The configuration with the change made. Malformed names the member that cannot be.
Result<DnsConfiguration> apply(const DnsChange& change, const DnsConfiguration& before);

}  // namespace latchkey::tailnet
