// A service: a name and a pair of addresses of its own, below the tailnet's, behind which devices offer
// something.
//
// This server keeps services and gives them addresses; devices cannot host them yet (docs/divergences.md).
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace latchkey::services {

inline constexpr std::string_view kPrefix = "svc:";
inline constexpr std::size_t kMaxDisplayName = 64;  // characters
inline constexpr std::size_t kMaxComment = 500;     // characters
inline constexpr std::size_t kMaxPorts = 100;
inline constexpr std::size_t kMaxAnnotations = 32;
inline constexpr std::size_t kMaxAnnotationName = 255;          // bytes
inline constexpr std::size_t kMaxAnnotation = 16UL * 1024;      // bytes of one value
inline constexpr std::size_t kMaxAllAnnotations = 64UL * 1024;  // bytes of all
inline constexpr std::int64_t kMaxServices = 1000;              // of a tailnet

using Annotations = std::map<std::string, std::string, std::less<>>;

struct Service {
  TailnetId tailnet;
  std::string name;  // "svc:" and one DNS label
  std::string ipv4;  // canonical; of the devices' pool
  std::string ipv6;  // of the services' own; does not change
  std::string display_name;
  std::string comment;
  Annotations annotations;         // of clients, for themselves
  std::vector<std::string> ports;  // "tcp:443"; or "do-not-validate" alone
  std::vector<std::string> tags;   // sorted

  bool operator==(const Service&) const = default;
};

// "svc:" and a name as a device may have it.
Result<void> check_name(std::string_view name);
Result<void> check_texts(const Service& service);  // display name, comment, annotations
// In their order, each once. At least one.
Result<std::vector<std::string>> checked_ports(const std::vector<std::string>& ports);

// The services' IPv6 address that these random bits choose, in fd7a:115c:a1e0::/96; nothing when it is
// reserved: choose again. What is given out never changes with a release.
std::optional<std::string> choose_ipv6(std::uint64_t random_bits);

boost::json::object audit_view(const Service& service);

}  // namespace latchkey::services
