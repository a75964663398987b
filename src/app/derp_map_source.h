// Where further relays are read from: a file, or an address that is asked again and again.
//
// What was fetched last is kept in the data directory, so that a start needs nobody else. A map that is
// malformed or cannot be fetched leaves the one before it in force.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "app/settings.h"
#include "base/log.h"
#include "base/result.h"

namespace latchkey::app {

// The text of the map that a start begins with: of derp_map.file; of the last copy, or fetched now (up to
// ten seconds) where there is none; nothing when neither is set, or when it cannot be fetched and
// `can_do_without`. An error names the setting.
Result<std::optional<std::string>> first_derp_map(const Settings& settings, bool can_do_without,
                                                  const Log& log);

// Fetches derp_map.url on a thread of its own: at once, and then every derp_map.refresh_seconds.
class DerpMapRefresh {
 public:
  // Called on that thread with each text that differs from the one before. An error is logged, and the text
  // is not kept.
  using Take = std::function<Result<void>(const std::string& text)>;

  DerpMapRefresh(const Settings& settings, std::optional<std::string> known, Take take, const Log& log);
  ~DerpMapRefresh();

 private:
  void run(const std::stop_token& stop);

  const std::string url_;
  const std::filesystem::path copy_;
  const seconds every_;
  std::optional<std::string> known_;
  const Take take_;
  const Log log_;
  std::jthread thread_;
};

}  // namespace latchkey::app
