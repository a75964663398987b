// A backup as a file: is it a whole Latchkey database, and putting it where a server looks for one.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace latchkey::app::commands {

// Reads the whole file (PRAGMA integrity_check) and looks for Latchkey's tables. Changes nothing, not even
// beside it.
Result<void> check_database_file(const std::filesystem::path& file);

// Copies to a new file of mode 0600, checks the copy, and lets it appear under its name only when it is whole
// and on the disk. Refuses a target that exists.
Result<void> copy_database_file(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace latchkey::app::commands
