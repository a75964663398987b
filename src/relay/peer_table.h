// Who is connected, by node key. Any thread may ask; nothing is sent or waited for while the table is locked.
//
// A key may be connected several times (a copied state directory, or an old connection that is not known to
// be dead): what is sent to it goes to the connection that spoke last.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/ids.h"
#include "relay/node_key.h"

namespace latchkey::relay {

class RelayClient;

using NodeKeySet = std::unordered_set<NodeKey, NodeKeyHash>;

class PeerTable {
 public:
  using Client = std::shared_ptr<RelayClient>;

  // Grows with each removal of a key: whoever asked before whether a key is admitted has to ask again.
  std::uint64_t removals() const;

  // Adds a client whose key was admitted when `removals` were counted; false, and not added, when some came
  // since. Many connections of one key: the oldest is ended.
  bool add(const Client& client, std::uint64_t removals);

  // The connection of that key in that tailnet; another tailnet's is as good as none.
  Client find(const NodeKey& key, const TailnetId& tailnet) const;
  void note_activity(const RelayClient& client);

  // A client has gone, and those it wrote to. When it was the last of its key, all whom the key wrote to are
  // told.
  void remove(const RelayClient& client, NodeKeySet wrote_to);

  // Takes a key's connections out of the table, and returns them.
  std::vector<Client> remove_key(const NodeKey& key);

 private:
  struct Entry {
    std::vector<Client> connections;  // the one that spoke last at the end
    NodeKeySet wrote_to;              // of connections that have gone before the last
  };
  using Entries = std::unordered_map<NodeKey, Entry, NodeKeyHash>;

  std::vector<Client> readers_of(const NodeKeySet& keys, const TailnetId& tailnet) const;

  mutable std::mutex mutex_;
  std::uint64_t removals_ = 0;
  Entries entries_;
};

}  // namespace latchkey::relay
