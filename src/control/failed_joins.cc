#include "control/failed_joins.h"

namespace latchkey::control {
namespace {

// As many tries at once as a person makes who mistypes, and clients by themselves in their first seconds.
constexpr int kTries = 10;
constexpr seconds kWindow{60};
constexpr minutes kRecordEvery{10};
constexpr std::size_t kMostMachines = 65'536;

}  // namespace

std::optional<FailedJoins::Wait> FailedJoins::wait_of(const std::string& machine, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto found = machines_.find(machine);
  if (found == machines_.end() || found->second.tries < kTries) return std::nullopt;
  const auto left = found->second.since + kWindow - now;
  if (left <= left.zero()) return std::nullopt;
  return Wait{std::chrono::ceil<seconds>(left), found->second.reason};
}

FailedJoins::Note FailedJoins::note(const std::string& machine, const std::string& reason, TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (machines_.size() >= kMostMachines) make_room(now);
  auto& known = machines_[machine];
  if (now >= known.since + kWindow) {
    known.since = now;
    known.tries = 0;
  }
  ++known.tries;
  const bool record = known.reason != reason || now >= known.recorded + kRecordEvery;
  known.reason = reason;
  if (!record) return Note::known;
  known.recorded = now;
  return Note::record;
}

void FailedJoins::forget(const std::string& machine) {
  const std::lock_guard lock(mutex_);
  machines_.erase(machine);
}

void FailedJoins::make_room(TimePoint now) {
  std::erase_if(machines_, [now](const auto& entry) { return now >= entry.second.since + kWindow; });
  // A flood of new machine keys: what they did is worth less than the memory.
  if (machines_.size() >= kMostMachines) machines_.clear();
}

}  // namespace latchkey::control
