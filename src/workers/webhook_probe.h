// What becomes of webhook deliveries, as metrics.
#pragma once

#include <cstdint>

#include "base/metrics.h"
#include "base/time.h"

namespace latchkey::workers {

enum class AttemptOutcome {
  taken,      // 2xx
  refused,    // an answer that objects to this body
  failed,     // any other answer
  no_answer,  // no connection, no time, or nothing that is HTTP
  forbidden,  // an address that may not be reached
};

class WebhookProbe {
 public:
  explicit WebhookProbe(Metrics& metrics);

  void attempt_ended(AttemptOutcome outcome, milliseconds took);
  void delivered(std::int64_t deliveries);
  void given_up(std::int64_t deliveries);
  void queued(std::int64_t deliveries);
  void under_way(std::int64_t requests);
  // All waiting deliveries in the database, and how long the oldest has waited.
  void waiting(std::int64_t deliveries, milliseconds oldest);

 private:
  Counter& taken_;
  Counter& refused_;
  Counter& failed_;
  Counter& no_answer_;
  Counter& forbidden_;
  Histogram& duration_;
  Counter& queued_;
  Counter& delivered_;
  Counter& given_up_;
  Gauge& under_way_;
  Gauge& waiting_;
  Gauge& oldest_;
};

}  // namespace latchkey::workers
