// A tailnet as its devices see it, at one moment: immutable, shared by all streams of the tailnet. A newer
// view knows which devices changed since the ones shortly before it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "control/map/node.h"
#include "core/policy/compile.h"
#include "core/tx.h"

namespace latchkey::control {

class View;
using ViewPtr = std::shared_ptr<const View>;

class View {
 public:
  // What a refresh must look at again.
  struct Dirty {
    bool all = false;  // policy, settings, names, people
    std::set<DeviceId> devices;
    bool empty() const { return !all && devices.empty(); }
    void merge(Dirty&& more);
  };

  // Reads the whole tailnet. Nothing when there is none of this id.
  static ViewPtr load(core::Tx& tx, const TailnetId& id, std::uint64_t version, TimePoint now);
  // The view before with what is dirty read again. The same view when nothing has changed.
  static ViewPtr refresh(core::Tx& tx, const ViewPtr& before, const Dirty& dirty, TimePoint now);

  std::uint64_t version() const { return version_; }
  const TailnetId& tailnet() const { return tailnet_; }
  const std::string& domain() const { return domain_; }
  const std::string& dns_json() const { return dns_json_; }

  // Sorted by number.
  const std::vector<NodePtr>& nodes() const { return nodes_; }
  const Node* find(std::int64_t number) const;
  const Node* find(const DeviceId& id) const;

  // Whether the one is among the other's peers. Both are in this view.
  bool sees(const Node& viewer, const Node& peer) const;
  // The packet filter of a device: rules as JSON.
  std::string filter_json(const Node& node) const;

  // Numbers of devices that changed, came or went after that version; nothing when that is too long ago, or
  // when visibility may have changed for any pair.
  std::optional<std::set<std::int64_t>> changed_since(std::uint64_t version) const;

 private:
  struct Step {
    std::uint64_t version;
    bool everything;
    std::vector<std::int64_t> numbers;
  };

  void take_tailnet(core::Tx& tx);
  void compile_policy(core::Tx& tx);
  std::size_t place_of(const Node& node) const;
  NodePtr node_of(core::Tx& tx, tailnet::Device device, TimePoint now);
  void index();

  std::uint64_t version_ = 0;
  TailnetId tailnet_;
  std::string domain_;
  std::string dns_suffix_;
  std::string dns_json_;
  std::vector<NodePtr> nodes_;
  std::unordered_map<DeviceId, std::int64_t> numbers_;
  std::shared_ptr<const policy::CompiledPolicy> policy_;  // its nodes are those of nodes_, in their order
  std::deque<Step> steps_;
};

}  // namespace latchkey::control
