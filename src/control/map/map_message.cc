#include "control/map/map_message.h"

#include <boost/json/serialize.hpp>

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

// The profile of a node's owner, if the stream has not had it.
void append_profile(std::string& list, const Node& node, Told& told) {
  if (!told.profiles.insert(node.owner.number).second) return;
  append(list, boost::json::serialize(json_of(node.owner)));
}

std::string filters_of(const std::string& filter) {
  return R"({"base":)" + filter + "}";
}

// Gathers what a stream must hear about its peers.
class PeerDelta {
 public:
  PeerDelta(const View& before, const View& after, const Node& self_before, const Node& self_after)
      : before_(before), after_(after), self_before_(self_before), self_after_(self_after) {}

  void look_at(const Node* was, const Node* is, Told& told) {
    const bool saw = was && before_.sees(self_before_, *was);
    const bool sees = is && after_.sees(self_after_, *is);
    if (!saw && !sees) return;
    if (!sees) return append(removed, std::to_string(was->device.number));
    append_profile(profiles, *is, told);
    if (!saw) return append(changed, is->as_peer);
    const auto update = peer_update(*was, *is);
    if (update.kind == PeerUpdate::Kind::patch) append(patches, update.patch);
    if (update.kind == PeerUpdate::Kind::whole) append(changed, is->as_peer);
  }

  std::string removed, changed, patches, profiles;

 private:
  const View& before_;
  const View& after_;
  const Node& self_before_;
  const Node& self_after_;
};

}  // namespace

std::string whole_map(const View& view, const Node& self, const std::string& derp_map, TimePoint now,
                      Told& told) {
  std::string peers;
  std::string profiles;
  append_profile(profiles, self, told);
  for (const auto& node : view.nodes()) {
    if (!view.sees(self, *node)) continue;
    append(peers, node->as_peer);
    append_profile(profiles, *node, told);
  }
  told.filter = view.filter_json(self);
  Members out;
  out.add("Node", self_json(self));
  out.add("DERPMap", derp_map);
  out.add("DNSConfig", view.dns_json());
  out.add("Domain", quoted(view.domain()));
  out.add_list("UserProfiles", profiles);
  out.add("PacketFilters", filters_of(told.filter));
  out.add("Peers", "[" + peers + "]");
  out.add("CollectServices", "false");
  out.add("Debug", R"({"DisableLogTail":true})");
  out.add("ControlTime", quoted(to_rfc3339(now)));
  return out.take();
}

std::string map_delta(const View& before, const View& after, const Node& self_before, const Node& self_after,
                      Told& told) {
  Members out;
  if (self_json(self_before) != self_json(self_after)) out.add("Node", self_json(self_after));
  if (before.dns_json() != after.dns_json()) out.add("DNSConfig", after.dns_json());

  PeerDelta delta(before, after, self_before, self_after);
  const bool visibility_differs = self_before.takes_part != self_after.takes_part;
  if (const auto numbers = after.changed_since(before.version()); numbers && !visibility_differs) {
    for (const auto number : *numbers) delta.look_at(before.find(number), after.find(number), told);
  } else {
    for (const auto& node : before.nodes()) {
      if (!after.find(node->device.number)) delta.look_at(node.get(), nullptr, told);
    }
    for (const auto& node : after.nodes()) delta.look_at(before.find(node->device.number), node.get(), told);
  }
  out.add_list("UserProfiles", delta.profiles);
  out.add_list("PeersRemoved", delta.removed);
  out.add_list("PeersChanged", delta.changed);
  out.add_list("PeersChangedPatch", delta.patches);
  if (auto filter = after.filter_json(self_after); filter != told.filter) {
    out.add("PacketFilters", filters_of(filter));
    told.filter = std::move(filter);
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
