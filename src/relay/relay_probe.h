// What happens at the relay, as metrics. Safe from any thread.
#pragma once

#include <cstddef>

#include "base/metrics.h"

namespace latchkey::relay {

class RelayProbe {
 public:
  explicit RelayProbe(Metrics& metrics);

  void connected() { connections_.add(1); }
  void disconnected() { connections_.add(-1); }
  void became_home(bool home) { homes_.add(home ? 1 : -1); }

  void refused_key() { refused_key_.add(); }
  void refused_handshake() { refused_handshake_.add(); }
  void removed() { removed_.add(); }
  void stalled() { stalled_.add(); }

  void received(std::size_t bytes) {
    packets_in_.add();
    bytes_in_.add(static_cast<double>(bytes));
  }
  void sent(std::size_t packets, std::size_t bytes) {
    packets_out_.add(static_cast<double>(packets));
    bytes_out_.add(static_cast<double>(bytes));
  }
  void dropped_unknown() { dropped_unknown_.add(); }
  void dropped_slow(std::size_t packets) { dropped_slow_.add(static_cast<double>(packets)); }

  void stun_answered() { stun_answered_.add(); }
  void stun_ignored() { stun_ignored_.add(); }

 private:
  Gauge& connections_;
  Gauge& homes_;
  Counter& refused_key_;
  Counter& refused_handshake_;
  Counter& removed_;
  Counter& stalled_;
  Counter& packets_in_;
  Counter& packets_out_;
  Counter& bytes_in_;
  Counter& bytes_out_;
  Counter& dropped_unknown_;
  Counter& dropped_slow_;
  Counter& stun_answered_;
  Counter& stun_ignored_;
};

}  // namespace latchkey::relay
