// Devices whose registration is refused try again for ever. This keeps their loop from costing a transaction
// each time and from filling the audit log: a few tries are looked at, then the same answer is given for a
// while, and a refusal of one machine is recorded once in a while. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/time.h"

namespace latchkey::control {

class FailedJoins {
 public:
  enum class Note { record, known };
  struct Wait {
    seconds seconds;
    std::string reason;
  };

  // Whether this machine has to wait before its next try is looked at.
  std::optional<Wait> wait_of(const std::string& machine, TimePoint now);
  // A refusal; `record` when it shall go to the audit log.
  Note note(const std::string& machine, const std::string& reason, TimePoint now);
  // It was let in.
  void forget(const std::string& machine);

 private:
  struct Machine {
    int tries = 0;  // since `since`
    TimePoint since{};
    TimePoint recorded{};
    std::string reason;
  };
  void make_room(TimePoint now);

  std::mutex mutex_;
  std::map<std::string, Machine> machines_;
};

}  // namespace latchkey::control
