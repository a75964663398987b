#include "io/connection_limit.h"

namespace latchkey::io {

Admission::~Admission() {
  if (limit_) limit_->leave(address_);
}

std::optional<Admission> ConnectionLimit::admit(const std::string& address) {
  std::lock_guard lock(mutex_);
  if (count_ >= most_) return std::nullopt;
  if (most_by_address_ > 0 && !address.empty()) {
    auto& here = by_address_[address];
    if (here >= most_by_address_) return std::nullopt;
    ++here;
  }
  ++count_;
  return std::optional<Admission>(std::in_place, *this, address);
}

void ConnectionLimit::leave(const std::string& address) {
  std::lock_guard lock(mutex_);
  --count_;
  auto here = by_address_.find(address);
  if (here != by_address_.end() && --here->second == 0) by_address_.erase(here);
}

std::size_t ConnectionLimit::count() const {
  std::lock_guard lock(mutex_);
  return count_;
}

}  // namespace latchkey::io
