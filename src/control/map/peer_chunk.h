// Some devices that lie beside each other in a tailnet's order, as peers in whole maps: compressed once for
// all streams that see the same of them. Immutable but for that memory; any thread.
//
// A tailnet of n devices that all come at once is sent n whole maps of n peers; this is what keeps the
// compression of most of it from being done n times.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "control/map/frame.h"
#include "control/map/node.h"

namespace latchkey::control {

class PeerChunk {
 public:
  // Of each node of the chunk, in order, whether it is meant.
  using Chosen = std::vector<bool>;

  explicit PeerChunk(std::vector<NodePtr> nodes) : nodes_(std::move(nodes)) {}

  const std::vector<NodePtr>& nodes() const { return nodes_; }
  // The chosen ones as elements of a JSON array.
  std::string text(const Chosen& chosen) const;
  // The same as one zstd frame, which holds not a byte of the others. `kept`: other streams may ask for the
  // same choice.
  FramePtr packed(const Chosen& chosen, bool kept) const;

 private:
  const std::vector<NodePtr> nodes_;
  mutable std::mutex mutex_;
  mutable std::map<Chosen, FramePtr> packed_;
};
using PeerChunkPtr = std::shared_ptr<const PeerChunk>;

// Cuts nodes, which are sorted by number, into chunks by ranges of numbers, so that a device that comes or
// goes changes one chunk. Those of `before` whose nodes are the same are kept.
std::vector<PeerChunkPtr> chunks_of(const std::vector<NodePtr>& nodes,
                                    const std::vector<PeerChunkPtr>& before);

}  // namespace latchkey::control
