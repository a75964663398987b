// What waits to be sent to one client. Bounded: when it is full the oldest packet goes, since a fresh one is
// worth more to those who wait. Any thread may push; one thread takes.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>

namespace latchkey::relay {

class Outbox {
 public:
  struct Limits {
    std::size_t packets = 32;
    std::size_t packet_bytes = 256 * 1024;  // one packet always fits
    std::size_t notices = 256;
  };
  struct Pushed {
    bool wake = false;        // nobody was told yet that something waits here
    std::size_t dropped = 0;  // packets that had to go
  };

  explicit Outbox(Limits limits) : limits_(limits) {}

  // Whole frames. Notices (everything but packets) are taken first; one over the limit is dropped.
  Pushed push_packet(std::string frame);
  Pushed push_notice(std::string frame);

  // Appends frames to `out` until it holds at least `enough` bytes or nothing waits; counts the packets.
  std::size_t take(std::string& out, std::size_t enough);

 private:
  bool claim_wake();

  const Limits limits_;
  std::mutex mutex_;
  std::deque<std::string> packets_;
  std::size_t packet_bytes_ = 0;
  std::deque<std::string> notices_;
  bool woken_ = false;
};

}  // namespace latchkey::relay
