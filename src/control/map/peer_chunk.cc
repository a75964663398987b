#include "control/map/peer_chunk.h"

#include <algorithm>
#include <bit>

namespace latchkey::control {
namespace {

// Larger chunks compress better; smaller ones are made anew for less. Measured with 2,000 devices.
constexpr std::size_t kAboutInChunk = 32;
// A policy may give each group of devices a view of its own; what is beyond these is made for each stream.
constexpr std::size_t kMostKept = 16;
// Numbers of devices are evenly spread over so many bits (core/join/enrol.cc).
constexpr int kNumberBits = 52;

// The upper bits of a number that name its chunk.
int chunk_bits(std::size_t nodes) {
  return std::bit_width(nodes / kAboutInChunk);
}

std::uint64_t range_of(const Node& node, int bits) {
  return static_cast<std::uint64_t>(node.device.number - 1) >> (kNumberBits - bits);
}

}  // namespace

std::string PeerChunk::text(const Chosen& chosen) const {
  std::string list;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!chosen[i]) continue;
    if (!list.empty()) list += ',';
    list += nodes_[i]->as_peer;
  }
  return list;
}

FramePtr PeerChunk::packed(const Chosen& chosen, bool kept) const {
  if (kept) {
    const std::lock_guard lock(mutex_);
    const auto found = packed_.find(chosen);
    if (found != packed_.end()) return found->second;
  }
  auto frame = std::make_shared<const std::string>(compressed(text(chosen)));
  if (!kept) return frame;
  const std::lock_guard lock(mutex_);
  if (packed_.size() < kMostKept) packed_.emplace(chosen, frame);
  return frame;
}

std::vector<PeerChunkPtr> chunks_of(const std::vector<NodePtr>& nodes,
                                    const std::vector<PeerChunkPtr>& before) {
  const int bits = chunk_bits(nodes.size());
  std::vector<PeerChunkPtr> chunks;
  auto old = before.begin();
  for (auto at = nodes.begin(); at != nodes.end();) {
    const auto range = range_of(**at, bits);
    const auto end =
        std::find_if(at, nodes.end(), [&](const auto& node) { return range_of(*node, bits) != range; });
    while (old != before.end() && range_of(*(*old)->nodes().front(), bits) < range) ++old;
    if (old != before.end() && std::equal(at, end, (*old)->nodes().begin(), (*old)->nodes().end())) {
      chunks.push_back(*old);
    } else {
      chunks.push_back(std::make_shared<const PeerChunk>(std::vector<NodePtr>(at, end)));
    }
    at = end;
  }
  return chunks;
}

}  // namespace latchkey::control
