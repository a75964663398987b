#include "relay/derp_map.h"

#include <arpa/inet.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <set>
#include <span>

#include "base/text.h"

namespace latchkey::relay {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMostRegionId = (std::int64_t{1} << 53) - 1;
constexpr std::size_t kMostRegions = 256;
constexpr std::size_t kMostNodes = 32;
constexpr std::string_view kPin = "sha256-raw:";

bool is_address(int family, const std::string& text) {
  unsigned char bytes[16];
  return ::inet_pton(family, text.c_str(), bytes) == 1;
}

// What one member may hold.
enum class Form { flag, number, port, stun_port, code, words, host, ipv4, ipv6, certificate, refused };

struct Member {
  std::string_view name;
  Form form;
  bool required = false;
};

constexpr Member kRegionMembers[] = {
    {"RegionCode", Form::code, true},
    {"RegionName", Form::words, true},
    {"Latitude", Form::number},
    {"Longitude", Form::number},
    {"Avoid", Form::flag},
    {"NoMeasureNoHome", Form::flag},
};
constexpr Member kNodeMembers[] = {
    {"Name", Form::code, true},
    {"HostName", Form::host, true},
    {"CertName", Form::certificate},
    {"IPv4", Form::ipv4},
    {"IPv6", Form::ipv6},
    {"STUNPort", Form::stun_port},
    {"STUNOnly", Form::flag},
    {"DERPPort", Form::port},
    {"CanPort80", Form::flag},
    {"InsecureForTests", Form::refused},
    {"STUNTestIP", Form::refused},
};

bool is_text(const json::value& value, std::size_t most) {
  return value.is_string() && !value.get_string().empty() && value.get_string().size() <= most &&
         utf8_length(value.get_string()).has_value();
}

bool is_integer(const json::value& value, std::int64_t least, std::int64_t most) {
  return value.is_int64() && value.get_int64() >= least && value.get_int64() <= most;
}

bool is_host(const json::value& value) {
  constexpr std::string_view kOthers = "-.:_";
  auto allowed = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  };
  return is_text(value, 253) && std::ranges::all_of(value.get_string(), allowed);
}

bool is_certificate_name(const json::value& value) {
  if (!value.is_string()) return false;
  const std::string_view text = value.get_string();
  if (!text.starts_with(kPin)) return is_host(value);
  const auto digits = text.substr(kPin.size());
  return digits.size() == 64 && digits == to_lower(digits) && from_hex(digits).has_value();
}

bool has_form(const json::value& value, Form form) {
  switch (form) {
    case Form::flag:
      return value.is_bool();
    case Form::number:
      return value.is_number();
    case Form::port:
      return is_integer(value, 0, 65'535);
    case Form::stun_port:
      return is_integer(value, -1, 65'535);
    case Form::code:
      return is_text(value, 64);
    case Form::words:
      return is_text(value, 128);
    case Form::host:
      return is_host(value);
    case Form::ipv4:
      return value == "none" || (is_text(value, 64) && is_address(AF_INET, std::string(value.get_string())));
    case Form::ipv6:
      return value == "none" || (is_text(value, 64) && is_address(AF_INET6, std::string(value.get_string())));
    case Form::certificate:
      return is_certificate_name(value);
    case Form::refused:
      return false;
  }
  return false;
}

Error wrong(const std::string& path, const std::string& what) {
  return malformed("the DERP map's " + path + " " + what, path);
}

// The members of the table; of the others, those in `besides` are left to the caller.
Result<void> check_members(const json::object& object, std::span<const Member> members,
                           std::initializer_list<std::string_view> besides, const std::string& path) {
  for (const auto& [name, value] : object) {
    if (std::ranges::find(besides, std::string_view(name)) != besides.end()) continue;
    const auto row = std::ranges::find(members, std::string_view(name), &Member::name);
    const auto member = path + "." + redact_keys(clip(name, 64));
    if (row == std::ranges::end(members)) return wrong(member, "is not known");
    if (!has_form(value, row->form)) {
      return wrong(member, row->form == Form::refused ? "is for tests only" : "has a wrong value");
    }
  }
  for (const auto& row : members) {
    if (row.required && !object.contains(row.name))
      return wrong(path + "." + std::string(row.name), "is missing");
  }
  return {};
}

Result<void> check_node(const json::value& node, std::int64_t region, const std::string& path,
                        std::set<std::string>& names) {
  if (!node.is_object()) return wrong(path, "is not an object");
  const auto& object = node.get_object();
  TRY(check_members(object, kNodeMembers, {"RegionID"}, path));
  // Devices drop a node whose region is not repeated.
  const auto* repeated = object.if_contains("RegionID");
  if (!repeated || *repeated != region) return wrong(path + ".RegionID", "must repeat the region's");
  if (!names.emplace(object.at("Name").get_string()).second) return wrong(path + ".Name", "is used twice");
  return {};
}

Result<DerpRegion> check_region(std::string_view key, const json::value& region,
                                std::set<std::string>& names) {
  std::int64_t id = 0;
  const auto [end, failed] = std::from_chars(key.data(), key.data() + key.size(), id);
  if (failed != std::errc() || end != key.data() + key.size() || id < 1 || id > kMostRegionId) {
    return wrong("Regions", "has a key that is no region number");
  }
  const auto path = "Regions." + std::to_string(id);
  if (!region.is_object()) return wrong(path, "is not an object");
  const auto& object = region.get_object();
  TRY(check_members(object, kRegionMembers, {"RegionID", "Nodes"}, path));
  const auto* repeated = object.if_contains("RegionID");
  if (!repeated || *repeated != id) return wrong(path + ".RegionID", "must be the region's key");
  const auto* nodes = object.if_contains("Nodes");
  if (!nodes || !nodes->is_array() || nodes->get_array().empty() || nodes->get_array().size() > kMostNodes) {
    return wrong(path + ".Nodes", "must be a list of 1 to " + std::to_string(kMostNodes) + " relays");
  }
  for (std::size_t i = 0; i < nodes->get_array().size(); ++i) {
    TRY(check_node(nodes->get_array()[i], id, path + ".Nodes[" + std::to_string(i) + "]", names));
  }
  return DerpRegion{id, std::string(object.at("RegionCode").get_string()),
                    std::string(object.at("RegionName").get_string())};
}

Result<void> check_home_params(const json::value& value) {
  const auto* scores = value.is_object() ? value.get_object().if_contains("RegionScore") : nullptr;
  if (!scores || value.get_object().size() != 1 || !scores->is_object()) {
    return wrong("HomeParams", "must hold RegionScore alone");
  }
  for (const auto& [region, score] : scores->get_object()) {
    if (!score.is_number() || score.to_number<double>() <= 0) {
      return wrong("HomeParams.RegionScore", "must be positive numbers");
    }
  }
  return {};
}

Result<json::object> parse_file(const std::string& text) {
  if (text.size() > kMostDerpMapBytes) return malformed("the DERP map is larger than 1 MiB");
  boost::system::error_code failed;
  auto parsed = json::parse(text, failed, {}, {.max_depth = 16});
  if (failed || !parsed.is_object()) return malformed("the DERP map is not a JSON object");
  auto map = std::move(parsed.get_object());
  for (const auto& [name, value] : map) {
    if (name == "HomeParams") {
      TRY(check_home_params(value));
    } else if (name == "omitDefaultRegions") {
      if (value != true)
        return wrong("omitDefaultRegions", "must be true: there are no default regions here");
    } else if (name != "Regions") {
      return wrong(redact_keys(clip(name, 64)), "is not known");
    }
  }
  const auto* regions = map.if_contains("Regions");
  if (!regions || !regions->is_object()) return wrong("Regions", "must be an object");
  if (regions->get_object().size() > kMostRegions) {
    return wrong("Regions", "has more than " + std::to_string(kMostRegions) + " regions");
  }
  return map;
}

json::object region_of(const EmbeddedRelay& relay) {
  json::object node{{"Name", "900a"},
                    {"RegionID", kEmbeddedRegion},
                    {"HostName", relay.host},
                    {"DERPPort", std::int64_t{relay.derp_port}},
                    {"STUNPort", relay.stun_port}};
  if (is_address(AF_INET, relay.host)) {
    node["IPv4"] = relay.host;
    node["IPv6"] = "none";
  } else if (is_address(AF_INET6, relay.host)) {
    node["IPv4"] = "none";
    node["IPv6"] = relay.host;
  }
  if (!relay.fingerprint.empty()) node["CertName"] = std::string(kPin) + relay.fingerprint;
  return {{"RegionID", kEmbeddedRegion},
          {"RegionCode", "latchkey"},
          {"RegionName", "Latchkey"},
          {"Nodes", json::array{std::move(node)}}};
}

}  // namespace

Result<DerpMap> make_derp_map(const std::optional<EmbeddedRelay>& embedded,
                              const std::optional<std::string>& file_text) {
  json::object map{{"Regions", json::object()}};
  if (file_text) {
    TRY(auto parsed, parse_file(*file_text));
    map = std::move(parsed);
  }
  auto& regions = map["Regions"].get_object();
  if (embedded) {
    const auto key = std::to_string(kEmbeddedRegion);
    if (regions.contains(key)) return wrong("Regions." + key, "is the embedded relay's; take another number");
    regions[key] = region_of(*embedded);
  }
  if (regions.empty()) {
    return malformed(
        "the DERP map has no region, and devices do not start without one: let the embedded relay "
        "run, or name relays in a file");
  }
  DerpMap made;
  std::set<std::string> names;
  for (const auto& [key, region] : regions) {
    TRY(auto checked, check_region(key, region, names));
    made.regions.push_back(std::move(checked));
  }
  std::ranges::sort(made.regions, {}, &DerpRegion::id);
  map["omitDefaultRegions"] = true;
  made.json = json::serialize(map);
  return made;
}

}  // namespace latchkey::relay
