// Where the present time comes from. Only borders (handlers, workers, the command line) hold a Clock; rules
// take a TimePoint. Safe to call from any thread.
#pragma once

#include "base/time.h"

namespace latchkey {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimePoint now() const override {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace latchkey
