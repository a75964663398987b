// A log stream: where the log of one kind of a tailnet is to be sent, and how.
//
// This server keeps the configuration for clients that manage it; it sends nothing (docs/divergences.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"

namespace latchkey::logstream {

inline constexpr std::int64_t kLongestUploadPeriod = 1440;  // minutes
inline constexpr std::size_t kMaxUrl = 1024;
inline constexpr std::size_t kMaxText = 255;           // of names and prefixes
inline constexpr std::size_t kMaxSecret = 8UL * 1024;  // bytes
inline constexpr std::size_t kMaxScopes = 32;

// All words: on the wire and stored.
enum class LogType { configuration, network };
std::string_view to_string(LogType type);
std::optional<LogType> log_type_from(std::string_view text);

enum class Destination { axiom, cribl, crowdstrike, datadog, elastic, gcs, panther, s3, splunk };
std::string_view to_string(Destination destination);
std::optional<Destination> destination_from(std::string_view text);

// What is said about a stream, as clients send and read it; empty: not said.
struct Settings {
  std::string url;
  std::string user;
  std::int64_t upload_period_minutes = 0;
  std::string compression = "none";  // or zstd, gzip
  std::string s3_bucket;
  std::string s3_region;
  std::string s3_key_prefix;
  std::string s3_authentication;  // accesskey or rolearn
  std::string s3_access_key_id;
  std::string s3_role_arn;
  std::string s3_external_id;
  std::string gcs_bucket;
  std::string gcs_key_prefix;
  std::vector<std::string> gcs_scopes;
  std::string gcs_credentials;  // gcs_credentials.h; holds no secret

  bool operator==(const Settings&) const = default;
};

struct Secrets {
  SecretString token;
  SecretString s3_secret_access_key;
};

struct Stream {
  TailnetId tailnet;
  LogType type = LogType::configuration;
  Destination destination = Destination::splunk;
  Settings settings;
  // crypto/seal.h, bound to seal_context(); empty where the destination takes none.
  std::vector<std::uint8_t> sealed_token;
  std::vector<std::uint8_t> sealed_s3_secret;
};

// Whether all that the destination needs is there, right, and nothing that it has no use for; the user is
// taken everywhere, as clients send it with everything. Malformed names the member and says what to change.
// Credentials for Google's cloud come back as gcs_credentials.h writes them.
Result<Settings> check(Destination destination, Settings settings, const Secrets& secrets);

// Twelve digits of "arn:aws:iam::123456789012:role/name"; nothing when it is no such name.
std::optional<std::string> account_of_role(std::string_view arn);

// What a sealed secret is bound to; stored data depends on it. `member` as on the wire.
std::string seal_context(const TailnetId& tailnet, LogType type, std::string_view member);

}  // namespace latchkey::logstream
