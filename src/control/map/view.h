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
#include "control/map/peer_chunk.h"
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
  // The same nodes in the same order, for whole maps.
  const std::vector<PeerChunkPtr>& chunks() const { return chunks_; }
  const Node* find(std::int64_t number) const;
  const Node* find(const DeviceId& id) const;

  // Whether the one is among the other's peers. Both are in this view.
  bool sees(const Node& viewer, const Node& peer) const;
  // The packet filter of a device: rules as JSON.
  std::string filter_json(const Node& node) const;
  // False when the device's filter is the same in both for certain.
  bool filter_may_differ(const View& before, const Node& node_before, const Node& node) const;

  // Numbers of devices that changed, came or went after that version; nothing when that is too long ago, or
  // when who sees whom may have changed between others too.
  std::optional<std::set<std::int64_t>> changed_since(std::uint64_t version) const;
  // What peers that know the node as `before` has it are told of it now. Both views know it.
  PeerUpdate update_of(const View& before, const Node& was, const Node& is) const;

 private:
  struct Step {
    std::uint64_t version;
    bool everything;
    std::vector<std::int64_t> numbers;
  };

  void take_tailnet(core::Tx& tx);
  void compile_policy();
  std::size_t place_of(const Node& node) const;
  void index();

  std::uint64_t version_ = 0;
  TailnetId tailnet_;
  std::string domain_;
  std::string dns_suffix_;
  std::string dns_json_;
  std::vector<NodePtr> nodes_;
  std::vector<PeerChunkPtr> chunks_;
  using Numbers = std::unordered_map<DeviceId, std::int64_t>;
  std::shared_ptr<const Numbers> numbers_;  // of nodes_; shared with the views that have the same devices
  std::shared_ptr<const policy::Policy> policy_;
  std::shared_ptr<const policy::CompiledPolicy> compiled_;  // its nodes are those of nodes_, in their order
  // Of what was changed since the version before, for peers that know that one.
  std::unordered_map<std::int64_t, PeerUpdate> updates_;
  std::deque<Step> steps_;
};

}  // namespace latchkey::control
