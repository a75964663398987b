// Counts connections, in all and by address, and says when there are too many. Safe from any thread.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace latchkey::io {

class ConnectionLimit;

// A place among the connections; given back when it ends. The limit must outlive it.
class Admission {
 public:
  Admission(ConnectionLimit& limit, std::string address) : limit_(&limit), address_(std::move(address)) {}
  Admission(Admission&& other) noexcept
      : limit_(std::exchange(other.limit_, nullptr)), address_(std::move(other.address_)) {}
  Admission& operator=(Admission&&) = delete;
  ~Admission();

 private:
  ConnectionLimit* limit_;
  std::string address_;
};

class ConnectionLimit {
 public:
  // Zero by address: no such limit. An empty address is not counted by address.
  ConnectionLimit(std::size_t most, std::size_t most_by_address)
      : most_(most), most_by_address_(most_by_address) {}

  std::optional<Admission> admit(const std::string& address);
  std::size_t count() const;

 private:
  friend class Admission;
  void leave(const std::string& address);

  const std::size_t most_;
  const std::size_t most_by_address_;
  mutable std::mutex mutex_;
  std::size_t count_ = 0;
  std::unordered_map<std::string, std::size_t> by_address_;
};

}  // namespace latchkey::io
