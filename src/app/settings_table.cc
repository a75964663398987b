// The one list of all settings.
#include "app/settings.h"
#include "base/text.h"

namespace latchkey::app {
namespace {

std::int64_t number(const std::string& text) {
  return std::stoll(text);
}
bool flag(const std::string& text) {
  return text == "true";
}

std::vector<std::string> list(const std::string& text) {
  std::vector<std::string> items;
  for (const auto item : split(text, ',')) {
    if (const auto trimmed = trim(item); !trimmed.empty()) items.emplace_back(trimmed);
  }
  return items;
}

LogLevel level(const std::string& text) {
  if (text == "debug") return LogLevel::debug;
  if (text == "warn") return LogLevel::warn;
  if (text == "error") return LogLevel::error;
  return LogLevel::info;
}

using S = Settings;
using T = const std::string;
constexpr std::int64_t kMany = 1'000'000'000;

// clang-format off
constexpr SettingRow kRows[] = {
    {"data_dir", SettingKind::path, "", 0, 0, "", "Directory for the database, the root key and the local socket. Must be private to the server's user.",
     [](S& s, T& t) { s.data_dir = t; }},
    {"listen", SettingKind::text, "127.0.0.1:8080", 0, 0, "", "Address and port of the API. Port 0 lets the kernel choose.",
     [](S& s, T& t) { s.listen = t; }},
    {"public_url", SettingKind::text, "", 0, 0, "", "The address that clients use, when a proxy stands in front. A path in it is accepted as a prefix of every request.",
     [](S& s, T& t) { s.public_url = t; }},
    {"database", SettingKind::secret, "", 0, 0, "", "A PostgreSQL URL, for several replicas over one database. Empty: SQLite in the data directory.",
     [](S& s, T& t) { s.database = SecretString(t); }},
    {"database_readers", SettingKind::number, "2", 1, 64, "", "Threads, each with a connection, that read from the database.",
     [](S& s, T& t) { s.database_readers = number(t); }},
    {"root_key_file", SettingKind::path, "", 0, 0, "", "File with the root key (64 hexadecimal digits, mode 0600). Empty: root.key in the data directory, made on the first start; a systemd credential named latchkey-root-key is preferred to it.",
     [](S& s, T& t) { s.root_key_file = t; }},
    {"root_key", SettingKind::secret, "", 0, 0, "", "The root key itself, for environments that hand secrets over as variables. A file is safer.",
     [](S& s, T& t) { s.root_key = SecretString(t); }},
    {"log.level", SettingKind::choice, "info", 0, 0, "debug|info|warn|error", "The least level that is logged.",
     [](S& s, T& t) { s.log_level = level(t); }},
    {"log.format", SettingKind::choice, "text", 0, 0, "text|json", "One line of text or one JSON object for each event, on standard error.",
     [](S& s, T& t) { s.log_format = t == "json" ? LogFormat::json : LogFormat::text; }},
    {"log.access", SettingKind::flag, "true", 0, 0, "", "Log each request: method, path without secrets and query, status, duration, address.",
     [](S& s, T& t) { s.log_access = flag(t); }},
    {"metrics.listen", SettingKind::text, "127.0.0.1:9464", 0, 0, "", "Address and port of /metrics. Empty: no metrics. While it is the default, an occupied port is only a warning.",
     [](S& s, T& t) { s.metrics_listen = t; }},
    {"tls.certificate", SettingKind::path, "", 0, 0, "", "PEM file with the certificate chain. With tls.key: HTTPS instead of HTTP. Read again when it changes.",
     [](S& s, T& t) { s.tls_certificate = t; }},
    {"tls.key", SettingKind::path, "", 0, 0, "", "PEM file with the private key of tls.certificate.",
     [](S& s, T& t) { s.tls_key = t; }},
    {"http.threads", SettingKind::number, "0", 0, 256, "", "Threads that serve connections. 0: one for each core.",
     [](S& s, T& t) { s.http_threads = number(t); }},
    {"http.max_connections", SettingKind::number, "16384", 1, 1'000'000, "", "Open connections at once; more are answered with 503.",
     [](S& s, T& t) { s.http_max_connections = number(t); }},
    {"http.max_connections_per_address", SettingKind::number, "2048", 0, 1'000'000, "", "Open connections at once from one address; 0 for no limit (behind a proxy).",
     [](S& s, T& t) { s.http_max_connections_per_address = number(t); }},
    {"http.max_body_bytes", SettingKind::number, "1048576", 1024, 67'108'864, "", "The largest request body; larger ones are answered with 413.",
     [](S& s, T& t) { s.http_max_body_bytes = number(t); }},
    {"http.idle_seconds", SettingKind::seconds, "75", 1, 3600, "", "How long an idle connection is kept open.",
     [](S& s, T& t) { s.http_idle = latchkey::seconds{number(t)}; }},
    {"http.stop_seconds", SettingKind::seconds, "20", 0, 600, "", "How long running requests may take to end when the server stops.",
     [](S& s, T& t) { s.http_stop = latchkey::seconds{number(t)}; }},
    {"http.trusted_proxies", SettingKind::list, "", 0, 0, "", "Addresses or blocks (10.0.0.0/8) of proxies whose X-Forwarded-For is believed.",
     [](S& s, T& t) { s.http_trusted_proxies = list(t); }},
    {"relay.enabled", SettingKind::flag, "true", 0, 0, "", "Run a DERP relay, by which devices reach each other where they cannot directly. Without it derp_map.file must name others.",
     [](S& s, T& t) { s.relay_enabled = flag(t); }},
    {"relay.listen", SettingKind::text, "", 0, 0, "", "Address and port of the relay, always TLS. Empty: the host of listen and port 8443, or any free port when that one is taken or listen asks for any.",
     [](S& s, T& t) { s.relay_listen = t; }},
    {"relay.stun_listen", SettingKind::text, "", 0, 0, "", "Address and UDP port of STUN, which tells devices their public address; none: no STUN. Empty: the host of relay.listen and port 3478, or any free port when that one is taken or listen asks for any.",
     [](S& s, T& t) { s.relay_stun_listen = t; }},
    {"relay.public_host", SettingKind::text, "", 0, 0, "", "Host name or address under which devices find the relay. Empty: the host of public_url, else of relay.listen. The relay's certificate is made for it, and devices are told its fingerprint.",
     [](S& s, T& t) { s.relay_public_host = t; }},
    {"derp_map.file", SettingKind::path, "", 0, 0, "", "JSON file with further relays for devices, in the form of a DERP map. Read at the start.",
     [](S& s, T& t) { s.derp_map_file = t; }},
    {"derp_map.url", SettingKind::text, "", 0, 0, "", "Address of such a file instead. The last copy is kept in the data directory; devices are told of a change.",
     [](S& s, T& t) { s.derp_map_url = t; }},
    {"derp_map.refresh_seconds", SettingKind::seconds, "3600", 1, 604800, "", "How often derp_map.url is asked.",
     [](S& s, T& t) { s.derp_map_refresh = latchkey::seconds{number(t)}; }},
    {"guard.failures_per_second", SettingKind::number, "50", 1, kMany, "", "Wrong API tokens from one address that are looked up each second, sustained; more are answered with 429. Tokens in use are not affected.",
     [](S& s, T& t) { s.guard_failures_per_second = number(t); }},
    {"guard.failure_burst", SettingKind::number, "500", 1, kMany, "", "Wrong API tokens from one address that are looked up at once.",
     [](S& s, T& t) { s.guard_failure_burst = number(t); }},
    {"api.writes_per_second", SettingKind::number, "10000", 1, kMany, "", "Changes that one credential may make each second, sustained; more are answered with 429. Reads are not limited.",
     [](S& s, T& t) { s.api_writes_per_second = number(t); }},
    {"api.write_burst", SettingKind::number, "60000", 1, kMany, "", "Changes that one credential may make at once.",
     [](S& s, T& t) { s.api_write_burst = number(t); }},
    {"cache.credentials", SettingKind::number, "100000", 16, 100'000'000, "", "Credentials kept in memory for checking without the database; about 3 KiB each.",
     [](S& s, T& t) { s.cache_credentials = number(t); }},
    {"keys.longest_auth_key_days", SettingKind::days, "90", 1, 90, "", "The longest life of an auth key that may be asked for.",
     [](S& s, T& t) { s.keys_longest_auth_key = latchkey::days{number(t)}; }},
    {"keys.longest_api_token_days", SettingKind::days, "90", 1, 90, "", "The longest life of an API access token that may be asked for.",
     [](S& s, T& t) { s.keys_longest_api_token = latchkey::days{number(t)}; }},
    {"keys.retention_days", SettingKind::days, "90", 1, 3650, "", "How long a revoked, spent or expired key stays readable by its id.",
     [](S& s, T& t) { s.keys_retention = latchkey::days{number(t)}; }},
    {"federation.allow_networks", SettingKind::list, "", 0, 0, "", "Networks (10.0.0.0/8, fd00::/8) in which identity providers, and token issuers of federated identities, may be asked; without it only public addresses.",
     [](S& s, T& t) { s.federation_allow_networks = list(t); }},
    {"federation.allow_http", SettingKind::flag, "false", 0, 0, "", "Take identity providers and token issuers with http:// too: for a test bench only, since whoever is on the way can forge their keys.",
     [](S& s, T& t) { s.federation_allow_http = flag(t); }},
    {"federation.ca_file", SettingKind::path, "", 0, 0, "", "PEM file with the authorities that certify identity providers and token issuers, instead of the system's.",
     [](S& s, T& t) { s.federation_ca_file = t; }},
    {"sessions.idle_seconds", SettingKind::seconds, "3600", 300, 2'592'000, "", "How long a person stays signed in without doing anything.",
     [](S& s, T& t) { s.sessions_idle = latchkey::seconds{number(t)}; }},
    {"sessions.absolute_seconds", SettingKind::seconds, "43200", 300, 2'592'000, "", "How long a person stays signed in at all; then they sign in again.",
     [](S& s, T& t) { s.sessions_absolute = latchkey::seconds{number(t)}; }},
    {"webhooks.allow_networks", SettingKind::list, "", 0, 0, "", "Networks (10.0.0.0/8, fd00::/8) in which webhook endpoints may be; without it only public addresses. Judged by the address that is connected to.",
     [](S& s, T& t) { s.webhooks_allow_networks = list(t); }},
    {"webhooks.allow_http", SettingKind::flag, "false", 0, 0, "", "Take webhook endpoints with http:// too: whoever is on the way can read what they are sent.",
     [](S& s, T& t) { s.webhooks_allow_http = flag(t); }},
    {"webhooks.ca_file", SettingKind::path, "", 0, 0, "", "PEM file with the authorities that certify webhook endpoints, instead of the system's.",
     [](S& s, T& t) { s.webhooks_ca_file = t; }},
    {"scim.available", SettingKind::flag, "true", 0, 0, "", "Whether provisioning can be enabled at all. false: /scim/v2 and its administration are not there.",
     [](S& s, T& t) { s.scim_available = flag(t); }},
    {"scim.strict_members", SettingKind::flag, "false", 0, 0, "", "Refuse a group whose members do not all exist, instead of leaving out those that do not.",
     [](S& s, T& t) { s.scim_rules.strict_members = flag(t); }},
    {"scim.guard_percent", SettingKind::number, "20", 0, 100, "", "The share of the people that a sync may suspend or remove within scim.guard_seconds before the rest is held; 100: never held.",
     [](S& s, T& t) { s.scim_rules.guard.percent = number(t); }},
    {"scim.guard_at_least", SettingKind::number, "5", 0, kMany, "", "So many people a sync may always suspend or remove within that time, however few there are.",
     [](S& s, T& t) { s.scim_rules.guard.at_least = number(t); }},
    {"scim.guard_seconds", SettingKind::seconds, "3600", 60, 604800, "", "Within which time the guard counts.",
     [](S& s, T& t) { s.scim_rules.guard.within = latchkey::seconds{number(t)}; }},
    {"devices.ephemeral_seconds", SettingKind::seconds, "1800", 5, 604800, "", "How long an ephemeral device may be away before it is removed.",
     [](S& s, T& t) { s.devices_ephemeral = latchkey::seconds{number(t)}; }},
    {"devices.handshakes_per_second", SettingKind::number, "500", 1, kMany, "", "Connections of devices from one address each second, sustained; more are answered with 429.",
     [](S& s, T& t) { s.devices_handshakes_per_second = number(t); }},
    {"devices.handshake_burst", SettingKind::number, "5000", 1, kMany, "", "Connections of devices from one address at once: so many may come back after a restart.",
     [](S& s, T& t) { s.devices_handshake_burst = number(t); }},
    {"keys.sweep_seconds", SettingKind::seconds, "30", 1, 3600, "", "How often the server looks for keys that have expired, to log it. Refusal does not wait for this.",
     [](S& s, T& t) { s.keys_sweep = latchkey::seconds{number(t)}; }},
    {"keys.usage_flush_seconds", SettingKind::seconds, "5", 1, 3600, "", "How often uses of keys are written to the database; a crash loses at most these.",
     [](S& s, T& t) { s.keys_usage_flush = latchkey::seconds{number(t)}; }},
    {"audit.retention_days", SettingKind::days, "365", 90, 36'500, "", "How long the audit log is kept.",
     [](S& s, T& t) { s.audit_retention = latchkey::days{number(t)}; }},
};
// clang-format on

}  // namespace

std::span<const SettingRow> setting_rows() {
  return kRows;
}

}  // namespace latchkey::app
