#include "control/map/view.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "core/identity/user_store.h"
#include "core/policy/manage.h"
#include "core/tailnet/device_store.h"
#include "core/tailnet/magic_dns.h"
#include "core/tailnet/policy_node.h"
#include "core/tailnet/settings_store.h"
#include "core/tailnet/tailnet.h"

namespace latchkey::control {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostSteps = 256;

json::array resolvers_json(const std::vector<tailnet::Resolver>& resolvers) {
  json::array list;
  for (const auto& resolver : resolvers) {
    json::object entry{{"Addr", resolver.address}};
    if (resolver.use_with_exit_node) entry["UseWithExitNode"] = true;
    list.push_back(std::move(entry));
  }
  return list;
}

// DNSConfig of the protocol. `Proxied` is its name for MagicDNS.
std::string dns_json_of(const tailnet::DnsConfiguration& dns, const std::string& suffix) {
  json::object out;
  out["Proxied"] = dns.magic_dns;
  json::array domains;
  if (dns.magic_dns) domains.emplace_back(suffix);
  for (const auto& path : dns.search_paths) domains.emplace_back(path);
  out["Domains"] = std::move(domains);
  if (!dns.nameservers.empty()) {
    out[dns.override_local_dns ? "Resolvers" : "FallbackResolvers"] = resolvers_json(dns.nameservers);
  }
  json::object routes;
  for (const auto& [domain, resolvers] : dns.split_dns) routes[domain] = resolvers_json(resolvers);
  if (!routes.empty()) out["Routes"] = std::move(routes);
  return json::serialize(out);
}

bool differs_for_policy(const tailnet::Device& a, const tailnet::Device& b) {
  return a.user != b.user || a.tags != b.tags || a.ipv4 != b.ipv4 || a.ipv6 != b.ipv6 ||
         a.enabled_routes != b.enabled_routes;
}

bool by_number(const NodePtr& a, const NodePtr& b) {
  return a->device.number < b->device.number;
}

}  // namespace

void View::Dirty::merge(Dirty&& more) {
  all = all || more.all;
  devices.merge(more.devices);
}

void View::take_tailnet(core::Tx& tx) {
  const auto own = tx.tailnets().find(tailnet_);
  if (!own) return;
  domain_ = own->name;
  dns_suffix_ = tailnet::magic_dns_suffix(*own);
  dns_json_ = dns_json_of(tx.settings().dns(tailnet_), dns_suffix_);
}

// Identities and addresses decide, not what devices report of themselves.
void View::compile_policy(core::Tx& tx) {
  const auto nodes = tailnet::policy_nodes(tx, tailnet_);
  std::unordered_map<std::int64_t, const policy::PolicyNode*> by_number_of;
  for (const auto& node : nodes) by_number_of.emplace(node.number, &node);
  std::vector<policy::PolicyNode> ordered;
  ordered.reserve(nodes_.size());
  for (const auto& node : nodes_) {
    const auto found = by_number_of.find(node->device.number);
    ordered.push_back(found == by_number_of.end() ? policy::PolicyNode{} : *found->second);
  }
  policy_ = std::make_shared<const policy::CompiledPolicy>(policy::current_policy(tx, tailnet_), ordered);
}

std::size_t View::place_of(const Node& node) const {
  const auto at = std::ranges::lower_bound(nodes_, node.device.number, {},
                                           [](const auto& n) { return n->device.number; });
  return static_cast<std::size_t>(at - nodes_.begin());
}

NodePtr View::node_of(core::Tx& tx, tailnet::Device device, TimePoint now) {
  NodeSource source;
  source.dns_suffix = dns_suffix_;
  if (device.user.empty()) {
    source.owner = tagged_devices_profile();
  } else if (const auto owner = tx.users().find(tailnet_, device.user)) {
    source.owner = profile_of(*owner);
    source.owner_blocked = owner->status != identity::UserStatus::active;
  } else {
    source.owner_blocked = true;
  }
  source.device = std::move(device);
  return make_node(std::move(source), now);
}

void View::index() {
  std::ranges::sort(nodes_, by_number);
  numbers_.clear();
  for (const auto& node : nodes_) numbers_.emplace(node->device.id, node->device.number);
}

ViewPtr View::load(core::Tx& tx, const TailnetId& id, std::uint64_t version, TimePoint now) {
  auto view = std::make_shared<View>();
  view->version_ = version;
  view->tailnet_ = id;
  view->take_tailnet(tx);
  if (view->domain_.empty()) return nullptr;
  for (auto& device : tx.devices().list(id))
    view->nodes_.push_back(view->node_of(tx, std::move(device), now));
  view->index();
  view->compile_policy(tx);
  view->steps_.push_back({version, true, {}});
  return view;
}

ViewPtr View::refresh(core::Tx& tx, const ViewPtr& before, const Dirty& dirty, TimePoint now) {
  const auto version = before->version_ + 1;
  if (dirty.all) {
    const auto fresh = load(tx, before->tailnet_, version, now);
    if (!fresh) return before;
    auto view = std::make_shared<View>(*fresh);
    view->steps_ = before->steps_;
    view->steps_.push_back({version, true, {}});
    if (view->steps_.size() > kMostSteps) view->steps_.pop_front();
    return view;
  }
  auto view = std::make_shared<View>(*before);
  view->version_ = version;
  Step step{version, false, {}};
  bool identities_changed = false;
  for (const auto& id : dirty.devices) {
    const auto known = view->numbers_.find(id);
    auto device = tx.devices().find(before->tailnet_, id);
    if (known != view->numbers_.end()) {
      const auto number = known->second;
      const auto at = std::ranges::find(view->nodes_, number, [](const auto& n) { return n->device.number; });
      step.numbers.push_back(number);
      if (device) {
        identities_changed = identities_changed || differs_for_policy((*at)->device, *device);
        *at = view->node_of(tx, *std::move(device), now);
      } else {
        identities_changed = true;
        view->nodes_.erase(at);
        view->numbers_.erase(known);
      }
    } else if (device) {
      identities_changed = true;
      step.numbers.push_back(device->number);
      auto node = view->node_of(tx, *std::move(device), now);
      view->numbers_.emplace(id, node->device.number);
      view->nodes_.insert(std::ranges::upper_bound(view->nodes_, node, by_number), std::move(node));
    }
  }
  if (step.numbers.empty()) return before;
  if (identities_changed) {
    // Who sees whom may have changed for any pair, unless everybody sees everybody.
    view->compile_policy(tx);
    step.everything = !view->policy_->everything_is_visible() || !before->policy_->everything_is_visible();
  }
  view->steps_.push_back(std::move(step));
  if (view->steps_.size() > kMostSteps) view->steps_.pop_front();
  return view;
}

const Node* View::find(std::int64_t number) const {
  const auto at =
      std::ranges::lower_bound(nodes_, number, {}, [](const auto& n) { return n->device.number; });
  return at != nodes_.end() && (*at)->device.number == number ? at->get() : nullptr;
}

const Node* View::find(const DeviceId& id) const {
  const auto found = numbers_.find(id);
  return found == numbers_.end() ? nullptr : find(found->second);
}

bool View::sees(const Node& viewer, const Node& peer) const {
  if (viewer.device.number == peer.device.number) return false;
  // A peer that has never told its disco key cannot be reached by any client.
  if (!viewer.takes_part || !peer.takes_part || peer.device.report.disco_key.empty()) return false;
  return policy_->everything_is_visible() || policy_->sees(place_of(viewer), place_of(peer));
}

std::string View::filter_json(const Node& node) const {
  if (!node.takes_part) return "[]";
  return json::serialize(policy_->filter(place_of(node)));
}

std::optional<std::set<std::int64_t>> View::changed_since(std::uint64_t version) const {
  if (version >= version_) return std::set<std::int64_t>();
  if (steps_.empty() || steps_.front().version > version + 1) return std::nullopt;
  std::set<std::int64_t> numbers;
  for (const auto& step : steps_) {
    if (step.version <= version) continue;
    if (step.everything) return std::nullopt;
    numbers.insert(step.numbers.begin(), step.numbers.end());
  }
  return numbers;
}

}  // namespace latchkey::control
