#include "relay/outbox.h"

#include <utility>

namespace latchkey::relay {

Outbox::Pushed Outbox::push_packet(std::string frame) {
  const std::lock_guard lock(mutex_);
  Pushed pushed;
  while (!packets_.empty() &&
         (packets_.size() >= limits_.packets || packet_bytes_ + frame.size() > limits_.packet_bytes)) {
    packet_bytes_ -= packets_.front().size();
    packets_.pop_front();
    ++pushed.dropped;
  }
  packet_bytes_ += frame.size();
  packets_.push_back(std::move(frame));
  pushed.wake = claim_wake();
  return pushed;
}

Outbox::Pushed Outbox::push_notice(std::string frame) {
  const std::lock_guard lock(mutex_);
  if (notices_.size() >= limits_.notices) return {};
  notices_.push_back(std::move(frame));
  return {.wake = claim_wake()};
}

std::size_t Outbox::take(std::string& out, std::size_t enough) {
  const std::lock_guard lock(mutex_);
  for (; !notices_.empty() && out.size() < enough; notices_.pop_front()) out.append(notices_.front());
  std::size_t packets = 0;
  for (; !packets_.empty() && out.size() < enough; packets_.pop_front(), ++packets) {
    packet_bytes_ -= packets_.front().size();
    out.append(packets_.front());
  }
  woken_ = !notices_.empty() || !packets_.empty();
  return packets;
}

// Until all is taken, one call is enough.
bool Outbox::claim_wake() {
  return !std::exchange(woken_, true);
}

}  // namespace latchkey::relay
