#include "core/policy/compile.h"

#include <algorithm>
#include <map>

#include "core/policy/node_index.h"

namespace latchkey::policy {
namespace {

using Kind = Selector::Kind;

boost::json::array json_of(const std::vector<std::string>& texts) {
  return boost::json::array(texts.begin(), texts.end());
}

// One rule, with what its selectors mean among these nodes.
struct CompiledRule {
  const Rule* rule = nullptr;
  NodeSet sources;  // whose traffic it may be
  boost::json::array source_ips;
  NodeSet people;        // of the sources, those that autogroup:self can mean
  NodeSet destinations;  // but for autogroup:self
  bool has_self = false;
};

class RuleCompiler {
 public:
  explicit RuleCompiler(const NodeIndex& index) : index_(index) {}

  CompiledRule compile(const Rule& rule) const {
    CompiledRule made{&rule, NodeSet(index_.size()), {}, NodeSet(index_.size()), NodeSet(index_.size()),
                      false};
    compile_sources(made);
    for (const auto& [what, access] : rule.targets) {
      if (what.kind == Kind::self) {
        made.has_self = true;
      } else if (what.kind == Kind::internet) {
        index_.add_exit_nodes(made.destinations);
      } else if (what.kind == Kind::addresses) {
        index_.add_by_address(what.addresses, made.destinations);
      } else {
        index_.add_by_identity(what, made.destinations);
      }
    }
    return made;
  }

 private:
  void compile_sources(CompiledRule& made) const {
    std::vector<std::string> prefixes;
    for (const auto& source : made.rule->sources) {
      if (source.kind == Kind::addresses) {
        index_.add_by_address(source.addresses, made.sources);
        prefixes.push_back(to_string(source.addresses));
      } else {
        index_.add_by_identity(source, made.people);
      }
    }
    if (made.people.everything) {
      made.sources.everything = true;
      made.source_ips = {"*"};
      return;
    }
    std::vector<Address> addresses;
    for (std::size_t i = 0; i < index_.size(); ++i) {
      if (!made.people.contains(i)) continue;
      made.sources.add(i);
      const auto& own = index_.node(i).addresses;
      addresses.insert(addresses.end(), own.begin(), own.end());
    }
    auto texts = address_ranges(std::move(addresses));
    texts.insert(texts.end(), prefixes.begin(), prefixes.end());
    made.source_ips = json_of(texts);
  }

  const NodeIndex& index_;
};

// What of a node's own and of what lies behind it a target names: the IPs of DstPorts.
std::vector<std::string> aimed_at(const Selector& what, const IndexedNode& node, bool selected) {
  std::vector<std::string> ips;
  switch (what.kind) {
    case Kind::everything:
      return {"*"};
    case Kind::internet:
      if (!node.exit_node) return ips;
      for (const auto& prefix : internet()) ips.push_back(to_string(prefix));
      return ips;
    case Kind::addresses:
      for (const auto& address : node.addresses) {
        if (what.addresses.contains(address)) ips.push_back(to_string(address));
      }
      for (const auto& route : node.routes) {
        if (const auto common = intersection(route, what.addresses)) ips.push_back(to_string(*common));
      }
      return ips;
    default:
      if (!selected) return ips;
      for (const auto& address : node.addresses) ips.push_back(to_string(address));
      return ips;
  }
}

// The FilterRules of one rule for one node, one for each protocol.
class FilterWriter {
 public:
  FilterWriter(const Rule& rule, boost::json::array& filter) : rule_(rule), filter_(filter) {}

  void add(const std::vector<std::string>& ips, const std::vector<Access>& access) {
    if (ips.empty()) return;
    for (const auto& [protocol, ports] : access) {
      auto& destinations = by_protocol_[protocol];
      for (const auto& ip : ips) {
        boost::json::object range{{"First", ports.first}, {"Last", ports.last}};
        destinations.push_back(boost::json::object{{"IP", ip}, {"Ports", std::move(range)}});
      }
    }
    if (!rule_.capabilities.empty()) reached_.insert(reached_.end(), ips.begin(), ips.end());
  }

  void finish(const boost::json::array& source_ips) {
    if (source_ips.empty()) return;
    for (auto& [protocol, destinations] : by_protocol_) {
      boost::json::object made{{"SrcIPs", source_ips}, {"DstPorts", std::move(destinations)}};
      if (protocol) made["IPProto"] = boost::json::array{*protocol};
      filter_.push_back(std::move(made));
    }
    if (reached_.empty()) return;
    boost::json::array prefixes;
    for (const auto& ip : reached_) add_prefixes(ip, prefixes);
    boost::json::object grant{{"Dsts", std::move(prefixes)}, {"CapMap", rule_.capabilities}};
    filter_.push_back(
        boost::json::object{{"SrcIPs", source_ips}, {"CapGrant", boost::json::array{std::move(grant)}}});
  }

 private:
  // CapGrant takes prefixes where DstPorts takes more.
  static void add_prefixes(const std::string& ip, boost::json::array& prefixes) {
    if (ip == "*") {
      prefixes.emplace_back("0.0.0.0/0");
      prefixes.emplace_back("::/0");
    } else if (ip.find('/') != std::string::npos) {
      prefixes.emplace_back(ip);
    } else {
      prefixes.emplace_back(ip + (ip.find(':') == std::string::npos ? "/32" : "/128"));
    }
  }

  const Rule& rule_;
  boost::json::array& filter_;
  std::map<Protocol, boost::json::array> by_protocol_;
  std::vector<std::string> reached_;
};

}  // namespace

struct CompiledPolicy::State {
  State(const Policy& given, std::span<const PolicyNode> nodes) : policy(given), index(policy, nodes) {
    const RuleCompiler compiler(index);
    rules.reserve(policy.rules().size());
    for (const auto& rule : policy.rules()) {
      if (rule.sources.empty() || rule.targets.empty()) continue;
      rules.push_back(compiler.compile(rule));
      const auto& made = rules.back();
      all_visible = all_visible || (made.sources.everything && made.destinations.everything);
    }
  }

  // A source's own devices and no others: both are the same person's, and the person is a source.
  bool reaches_itself(const CompiledRule& rule, std::size_t from, std::size_t to) const {
    return rule.has_self && !index.node(from).user.empty() && index.node(from).user == index.node(to).user &&
           rule.people.contains(from);
  }

  void add_self(const CompiledRule& compiled, std::size_t node, boost::json::array& filter) const {
    const auto& user = index.node(node).user;
    if (!compiled.has_self || user.empty() || !compiled.people.contains(node)) return;
    std::vector<Address> own;
    for (const auto each : index.nodes_of(user)) {
      const auto& addresses = index.node(each).addresses;
      own.insert(own.end(), addresses.begin(), addresses.end());
    }
    std::vector<std::string> ips;
    for (const auto& address : index.node(node).addresses) ips.push_back(to_string(address));
    FilterWriter writer(*compiled.rule, filter);
    for (const auto& target : compiled.rule->targets) {
      if (target.what.kind == Kind::self) writer.add(ips, target.access);
    }
    writer.finish(json_of(address_ranges(std::move(own))));
  }

  Policy policy;  // keeps the rules
  NodeIndex index;
  std::vector<CompiledRule> rules;
  bool all_visible = false;
};

CompiledPolicy::CompiledPolicy(const Policy& policy, std::span<const PolicyNode> nodes)
    : state_(std::make_unique<const State>(policy, nodes)) {}
CompiledPolicy::~CompiledPolicy() = default;
CompiledPolicy::CompiledPolicy(CompiledPolicy&&) noexcept = default;
CompiledPolicy& CompiledPolicy::operator=(CompiledPolicy&&) noexcept = default;

std::size_t CompiledPolicy::size() const {
  return state_->index.size();
}

boost::json::array CompiledPolicy::filter(std::size_t node) const {
  boost::json::array filter;
  for (const auto& compiled : state_->rules) {
    if (compiled.destinations.contains(node)) {
      FilterWriter writer(*compiled.rule, filter);
      for (const auto& target : compiled.rule->targets) {
        if (target.what.kind == Kind::self) continue;
        const bool selected = state_->index.is_selected(target.what, node);
        writer.add(aimed_at(target.what, state_->index.node(node), selected), target.access);
      }
      writer.finish(compiled.source_ips);
    }
    state_->add_self(compiled, node, filter);
  }
  return filter;
}

bool CompiledPolicy::reaches(std::size_t from, std::size_t to) const {
  if (state_->all_visible) return true;
  return std::ranges::any_of(state_->rules, [&](const CompiledRule& rule) {
    return (rule.sources.contains(from) && rule.destinations.contains(to)) ||
           state_->reaches_itself(rule, from, to);
  });
}

bool CompiledPolicy::everything_is_visible() const {
  return state_->all_visible;
}

}  // namespace latchkey::policy
