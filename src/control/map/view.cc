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

std::int64_t number_of(const NodePtr& node) {
  return node->device.number;
}

bool by_number(const NodePtr& a, const NodePtr& b) {
  return number_of(a) < number_of(b);
}

// Makes nodes of devices as they are read, each owner read once.
class NodeReader {
 public:
  NodeReader(core::Tx& tx, const TailnetId& tailnet, const std::string& dns_suffix, TimePoint now)
      : tx_(tx), tailnet_(tailnet), dns_suffix_(dns_suffix), now_(now) {}

  NodePtr operator()(tailnet::Device device) {
    NodeSource source;
    source.dns_suffix = dns_suffix_;
    const identity::User* owner = nullptr;
    if (device.user.empty()) {
      source.owner = tagged_devices_profile();
    } else if (owner = owner_of(device); owner) {
      source.owner = profile_of(*owner);
      source.owner_blocked = owner->status != identity::UserStatus::active;
    } else {
      source.owner_blocked = true;
    }
    source.standing = tailnet::policy_node(device, owner);
    source.device = std::move(device);
    return make_node(std::move(source), now_);
  }

 private:
  const identity::User* owner_of(const tailnet::Device& device) {
    auto [at, added] = owners_.try_emplace(device.user);
    if (added) at->second = tx_.users().find(tailnet_, device.user);
    return at->second ? &*at->second : nullptr;
  }

  core::Tx& tx_;
  const TailnetId& tailnet_;
  const std::string& dns_suffix_;
  TimePoint now_;
  std::unordered_map<UserId, std::optional<identity::User>> owners_;
};

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

void View::compile_policy() {
  std::vector<policy::PolicyNode> standings;
  standings.reserve(nodes_.size());
  for (const auto& node : nodes_) standings.push_back(node->standing);
  compiled_ = std::make_shared<const policy::CompiledPolicy>(*policy_, standings);
}

std::size_t View::place_of(const Node& node) const {
  const auto at = std::ranges::lower_bound(nodes_, node.device.number, {},
                                           [](const auto& n) { return n->device.number; });
  return static_cast<std::size_t>(at - nodes_.begin());
}

void View::index() {
  std::ranges::sort(nodes_, by_number);
  auto numbers = std::make_shared<Numbers>();
  for (const auto& node : nodes_) numbers->emplace(node->device.id, node->device.number);
  numbers_ = std::move(numbers);
}

ViewPtr View::load(core::Tx& tx, const TailnetId& id, std::uint64_t version, TimePoint now) {
  auto view = std::make_shared<View>();
  view->version_ = version;
  view->tailnet_ = id;
  view->take_tailnet(tx);
  if (view->domain_.empty()) return nullptr;
  NodeReader read(tx, id, view->dns_suffix_, now);
  for (auto& device : tx.devices().list(id)) view->nodes_.push_back(read(std::move(device)));
  view->index();
  view->policy_ = std::make_shared<const policy::Policy>(policy::current_policy(tx, id));
  view->compile_policy();
  view->chunks_ = chunks_of(view->nodes_, {});
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
  view->updates_.clear();
  Step step{version, false, {}};
  NodeReader read(tx, before->tailnet_, view->dns_suffix_, now);
  bool standings_changed = false;
  bool devices_changed = false;
  for (const auto& id : dirty.devices) {
    const auto known = before->numbers_->find(id);
    auto device = tx.devices().find(before->tailnet_, id);
    if (known == before->numbers_->end() && !device) continue;
    step.numbers.push_back(device ? device->number : known->second);
    const auto at = std::ranges::lower_bound(view->nodes_, step.numbers.back(), {}, number_of);
    if (known == before->numbers_->end()) {
      devices_changed = true;
      view->nodes_.insert(at, read(*std::move(device)));
    } else if (!device) {
      devices_changed = true;
      view->nodes_.erase(at);
    } else {
      auto node = read(*std::move(device));
      standings_changed = standings_changed || (*at)->standing != node->standing;
      view->updates_.emplace(node->device.number, peer_update(**at, *node));
      *at = std::move(node);
    }
  }
  if (step.numbers.empty()) return before;
  if (devices_changed) view->index();
  if (devices_changed || standings_changed) view->compile_policy();
  view->chunks_ = chunks_of(view->nodes_, before->chunks_);
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
  const auto found = numbers_->find(id);
  return found == numbers_->end() ? nullptr : find(found->second);
}

bool View::sees(const Node& viewer, const Node& peer) const {
  if (viewer.device.number == peer.device.number) return false;
  // A peer that has never told its disco key cannot be reached by any client.
  if (!viewer.takes_part || !peer.takes_part || peer.device.report.disco_key.empty()) return false;
  return compiled_->everything_is_visible() || compiled_->sees(place_of(viewer), place_of(peer));
}

std::string View::filter_json(const Node& node) const {
  if (!node.takes_part) return "[]";
  return json::serialize(compiled_->filter(place_of(node)));
}

bool View::filter_may_differ(const View& before, const Node& node_before, const Node& node) const {
  return compiled_ != before.compiled_ || !stands_alike(node_before, node);
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

PeerUpdate View::update_of(const View& before, const Node& was, const Node& is) const {
  if (before.version_ + 1 == version_) {
    if (const auto known = updates_.find(is.device.number); known != updates_.end()) return known->second;
  }
  return peer_update(was, is);
}

}  // namespace latchkey::control
