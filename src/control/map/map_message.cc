#include "control/map/map_message.h"

#include <boost/json/serialize.hpp>
#include <set>

namespace latchkey::control {
namespace {

// Members of one JSON object, some of which are JSON already.
class Members {
 public:
  void add(std::string_view name, std::string_view json) {
    text_ += text_.empty() ? '{' : ',';
    text_ += '"';
    text_ += name;
    text_ += "\":";
    text_ += json;
  }
  void add_list(std::string_view name, const std::string& list) {
    if (!list.empty()) add(name, "[" + list + "]");
  }
  bool empty() const { return text_.empty(); }
  std::string take() { return std::move(text_) + "}"; }
  // For members that follow.
  std::string take_open() { return std::move(text_); }

 private:
  std::string text_;
};

void append(std::string& list, std::string_view json) {
  if (!list.empty()) list += ',';
  list += json;
}

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string(text));
}

// Profiles of the owners of nodes, each once in a message.
class Profiles {
 public:
  void add(const Node& node) {
    if (node.owner.number == last_ || !numbers_.insert(node.owner.number).second) return;
    last_ = node.owner.number;
    append(list, boost::json::serialize(json_of(node.owner)));
  }
  std::string list;

 private:
  std::int64_t last_ = 0;  // neighbours often have the same owner
  std::set<std::int64_t> numbers_;
};

std::string filters_of(const std::string& filter) {
  return R"({"base":)" + filter + "}";
}

// Gathers what a stream must hear about its peers.
class PeerDelta {
 public:
  PeerDelta(const View& before, const View& after, const Node& self_before, const Node& self_after)
      : before_(before), after_(after), self_before_(self_before), self_after_(self_after) {}

  void look_at(const Node* was, const Node* is) {
    const bool saw = was && before_.sees(self_before_, *was);
    const bool sees = is && after_.sees(self_after_, *is);
    if (!saw && !sees) return;
    if (!sees) return append(removed, std::to_string(was->device.number));
    if (!saw || was->owner != is->owner) profiles.add(*is);
    if (!saw) return append(changed, is->as_peer);
    if (was == is) return;
    const auto update = after_.update_of(before_, *was, *is);
    if (update.kind == PeerUpdate::Kind::patch) append(patches, update.patch);
    if (update.kind == PeerUpdate::Kind::whole) append(changed, is->as_peer);
  }

  std::string removed, changed, patches;
  Profiles profiles;

 private:
  const View& before_;
  const View& after_;
  const Node& self_before_;
  const Node& self_after_;
};

struct AroundPeers {
  std::string before, after;
};

// A whole map but for its peers, which are given to `add` chunk by chunk: those of each that the device sees,
// and whether the device itself lies among them.
template <typename Add>
AroundPeers around_peers(const View& view, const Node& self, const std::string& derp_map, TimePoint now,
                         Add add) {
  Profiles profiles;
  profiles.add(self);
  PeerChunk::Chosen seen;
  for (const auto& chunk : view.chunks()) {
    bool any = false;
    bool has_self = false;
    seen.assign(chunk->nodes().size(), false);
    for (std::size_t i = 0; i < seen.size(); ++i) {
      const Node& node = *chunk->nodes()[i];
      has_self = has_self || &node == &self;
      if (!view.sees(self, node)) continue;
      seen[i] = any = true;
      profiles.add(node);
    }
    if (any) add(*chunk, seen, has_self);
  }
  Members before;
  before.add("Node", self_json(self));
  before.add("DERPMap", derp_map);
  before.add("DNSConfig", view.dns_json());
  before.add("Domain", quoted(view.domain()));
  before.add_list("UserProfiles", profiles.list);
  before.add("PacketFilters", filters_of(view.filter_json(self)));
  before.add("CollectServices", "false");
  before.add("Debug", R"({"DisableLogTail":true})");
  before.add("ControlTime", quoted(to_rfc3339(now)));
  return {before.take_open() + R"(,"Peers":[)", "]}"};
}

}  // namespace

std::string whole_map(const View& view, const Node& self, const std::string& derp_map, TimePoint now) {
  std::string peers;
  const auto add = [&](const PeerChunk& chunk, const PeerChunk::Chosen& chosen, bool) {
    append(peers, chunk.text(chosen));
  };
  const auto [before, after] = around_peers(view, self, derp_map, now, add);
  return before + peers + after;
}

std::vector<FramePtr> packed_whole_map(const View& view, const Node& self, const std::string& derp_map,
                                       TimePoint now) {
  static const auto comma = std::make_shared<const std::string>(compressed(","));
  std::vector<FramePtr> pieces;
  const auto add = [&](const PeerChunk& chunk, const PeerChunk::Chosen& chosen, bool has_self) {
    if (!pieces.empty()) pieces.push_back(comma);
    pieces.push_back(chunk.packed(chosen, !has_self));
  };
  const auto [before, after] = around_peers(view, self, derp_map, now, add);
  pieces.push_back(std::make_shared<const std::string>(compressed(after)));
  return message_of(compressed(before), std::move(pieces));
}

std::string map_delta(const View& before, const View& after, const Node& self_before,
                      const Node& self_after) {
  Members out;
  if (&self_before != &self_after && self_json(self_before) != self_json(self_after)) {
    out.add("Node", self_json(self_after));
  }
  if (before.dns_json() != after.dns_json()) out.add("DNSConfig", after.dns_json());

  PeerDelta delta(before, after, self_before, self_after);
  if (self_before.owner != self_after.owner) delta.profiles.add(self_after);
  const auto numbers = after.changed_since(before.version());
  if (numbers && stands_alike(self_before, self_after)) {
    for (const auto number : *numbers) delta.look_at(before.find(number), after.find(number));
  } else {
    for (const auto& node : before.nodes()) {
      if (!after.find(node->device.number)) delta.look_at(node.get(), nullptr);
    }
    for (const auto& node : after.nodes()) delta.look_at(before.find(node->device.number), node.get());
  }
  out.add_list("UserProfiles", delta.profiles.list);
  out.add_list("PeersRemoved", delta.removed);
  out.add_list("PeersChanged", delta.changed);
  out.add_list("PeersChangedPatch", delta.patches);
  if (after.filter_may_differ(before, self_before, self_after)) {
    const auto filter = after.filter_json(self_after);
    if (filter != before.filter_json(self_before)) out.add("PacketFilters", filters_of(filter));
  }
  return out.empty() ? std::string() : out.take();
}

std::string derp_map_only(const std::string& derp_map) {
  Members out;
  out.add("DERPMap", derp_map);
  return out.take();
}

std::string farewell(const Node& self, TimePoint now) {
  Members out;
  out.add("Node", farewell_json(self, now));
  return out.take();
}

}  // namespace latchkey::control
