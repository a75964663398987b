#include "relay/peer_table.h"

#include <algorithm>

#include "relay/relay_client.h"

namespace latchkey::relay {
namespace {

constexpr std::size_t kMostConnectionsOfAKey = 8;
constexpr std::size_t kMostRemembered = 4096;  // of whom a key's former connections wrote to

auto find_in(std::vector<PeerTable::Client>& connections, const RelayClient& client) {
  return std::ranges::find_if(connections, [&](const auto& one) { return one.get() == &client; });
}

}  // namespace

std::uint64_t PeerTable::removals() const {
  const std::lock_guard lock(mutex_);
  return removals_;
}

bool PeerTable::add(const Client& client, std::uint64_t removals) {
  Client oldest;
  {
    const std::lock_guard lock(mutex_);
    if (removals != removals_) return false;
    auto& connections = entries_[client->key()].connections;
    if (connections.size() >= kMostConnectionsOfAKey) {
      oldest = connections.front();
      connections.erase(connections.begin());
    }
    connections.push_back(client);
    if (connections.size() > 1) {
      for (const auto& one : connections) one->set_has_twin(true);
    }
  }
  if (oldest) oldest->expel();
  return true;
}

PeerTable::Client PeerTable::find(const NodeKey& key, const TailnetId& tailnet) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  const auto& client = found->second.connections.back();
  return client->tailnet() == tailnet ? client : nullptr;
}

void PeerTable::note_activity(const RelayClient& client) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(client.key());
  if (found == entries_.end()) return;
  auto& connections = found->second.connections;
  const auto at = find_in(connections, client);
  if (at != connections.end()) std::rotate(at, at + 1, connections.end());
}

void PeerTable::remove(const RelayClient& client, NodeKeySet wrote_to) {
  std::vector<Client> told;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(client.key());
    if (found == entries_.end()) {
      // The key was removed as a whole.
      told = readers_of(wrote_to, client.tailnet());
    } else {
      auto& entry = found->second;
      const auto at = find_in(entry.connections, client);
      if (at != entry.connections.end()) entry.connections.erase(at);
      if (entry.wrote_to.size() < kMostRemembered) entry.wrote_to.merge(wrote_to);
      if (entry.connections.empty()) {
        told = readers_of(entry.wrote_to, client.tailnet());
        entries_.erase(found);
      } else if (entry.connections.size() == 1) {
        entry.connections.front()->set_has_twin(false);
      }
    }
  }
  for (const auto& one : told) one->tell_gone(client.key());
}

std::vector<PeerTable::Client> PeerTable::remove_key(const NodeKey& key) {
  const std::lock_guard lock(mutex_);
  ++removals_;
  const auto found = entries_.find(key);
  if (found == entries_.end()) return {};
  auto connections = std::move(found->second.connections);
  entries_.erase(found);
  return connections;
}

std::vector<PeerTable::Client> PeerTable::readers_of(const NodeKeySet& keys, const TailnetId& tailnet) const {
  std::vector<Client> readers;
  for (const auto& key : keys) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) continue;
    const auto& client = found->second.connections.back();
    if (client->tailnet() == tailnet) readers.push_back(client);
  }
  return readers;
}

}  // namespace latchkey::relay
