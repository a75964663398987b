// Everything that can be set: one table (settings.cc) with key, kind, default, limits and a sentence in the
// same row. docs/settings.md is printed from it. A setting comes from, each overriding the one before: its
// default, the TOML file, the environment (LATCHKEY_ and the key in capitals, dots as underscores), a flag.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "core/provisioning/rules.h"

namespace latchkey::app {

struct Settings {
  std::filesystem::path data_dir;
  std::string listen;
  std::string public_url;
  SecretString database;  // a PostgreSQL URL; empty for SQLite in the data directory
  std::int64_t database_readers = 0;

  std::filesystem::path root_key_file;
  SecretString root_key;

  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
  bool log_access = true;
  std::string metrics_listen;
  bool metrics_listen_is_default = true;

  std::string tls_certificate;
  std::string tls_key;

  std::int64_t http_threads = 0;
  std::int64_t http_max_connections = 0;
  std::int64_t http_max_connections_per_address = 0;
  std::int64_t http_max_body_bytes = 0;
  seconds http_idle{};
  seconds http_stop{};
  std::vector<std::string> http_trusted_proxies;

  bool relay_enabled = true;
  std::string relay_listen;
  std::string relay_stun_listen;
  std::string relay_public_host;
  std::filesystem::path derp_map_file;
  std::string derp_map_url;
  seconds derp_map_refresh{};

  std::int64_t guard_failures_per_second = 0;
  std::int64_t guard_failure_burst = 0;
  std::int64_t api_writes_per_second = 0;
  std::int64_t api_write_burst = 0;

  std::int64_t cache_credentials = 0;
  days keys_longest_auth_key{};
  days keys_longest_api_token{};
  days keys_retention{};
  seconds keys_sweep{};
  std::vector<std::string> federation_allow_networks;
  bool federation_allow_http = false;
  std::filesystem::path federation_ca_file;

  seconds sessions_idle{};
  seconds sessions_absolute{};

  std::vector<std::string> webhooks_allow_networks;
  bool webhooks_allow_http = false;
  std::filesystem::path webhooks_ca_file;
  bool scim_available = true;
  provisioning::SyncRules scim_rules;

  seconds devices_ephemeral{};
  std::int64_t devices_handshakes_per_second = 0;
  std::int64_t devices_handshake_burst = 0;
  seconds keys_usage_flush{};
  days audit_retention{};
};

enum class SettingKind { text, path, flag, number, days, seconds, list, secret, choice };

struct SettingRow {
  std::string_view key;  // "http.max_body_bytes"
  SettingKind kind;
  std::string_view standard;  // the default, as text
  std::int64_t least;         // numbers, days and seconds
  std::int64_t most;
  std::string_view choices;                         // of a choice, separated by '|'
  std::string_view sentence;                        // for an operator
  void (*set)(Settings&, const std::string& text);  // given checked text
};

std::span<const SettingRow> setting_rows();
std::string environment_name(std::string_view key);  // "LATCHKEY_HTTP_MAX_BODY_BYTES"

// What each source says, as text by key.
using SettingTexts = std::map<std::string, std::string, std::less<>>;

// Flattened to keys; lists joined by commas. Errors name the line.
Result<SettingTexts> read_settings_file(const std::filesystem::path& file);
Result<SettingTexts> settings_from_environment(char** environment);
// LATCHKEY_ variables that are no settings and that no command reads: worth a warning, since they may be
// misspelt, but no error, since an environment is shared with other programs.
std::vector<std::string> unknown_variables(char** environment);

// Merges defaults and the given sources, later ones winning, and checks every value. Unknown keys are errors.
Result<Settings> make_settings(const std::vector<SettingTexts>& sources);

// docs/settings.md.
std::string settings_page();

}  // namespace latchkey::app
