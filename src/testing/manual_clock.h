// Time that a test controls.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace latchkey::testing {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint start) : micros_(to_micros(start)) {}
  TimePoint now() const override { return from_micros(micros_.load()); }
  void advance(std::chrono::microseconds by) { micros_ += by.count(); }

 private:
  std::atomic<std::int64_t> micros_;
};

}  // namespace latchkey::testing
