// latchkey doctor: looks at everything that a server needs on its machine, and says what to do about what is
// wrong.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct DoctorFlags {
  LocalPlace place;
  std::string tailnet;  // whose audit log is checked; empty: the only one
  OutputForm output = OutputForm::table;
};

enum class Verdict { ok, warning, failed };
std::string_view to_string(Verdict verdict);

struct Finding {
  std::string check;
  Verdict verdict = Verdict::ok;
  std::string what;    // what was seen
  std::string advice;  // what to do; empty when nothing
};

// Exit::failed when any check failed; warnings do not count.
Result<Exit> doctor(Screen& screen, const DoctorFlags& flags);

// The checks of the machine, apart from the server (machine_checks.cc).
Finding check_directory(const Settings& settings);
Finding check_file_modes(const Settings& settings);
Finding check_root_key(const Settings& settings);
Finding check_disk(const Settings& settings);
Finding check_open_files(const Settings& settings);
Finding check_clock(TimePoint now);
Finding check_certificate(const Settings& settings, TimePoint now);

// When the first certificate of a PEM file's chain to expire does so.
Result<TimePoint> certificate_end(const std::string& file);

}  // namespace latchkey::app::commands
