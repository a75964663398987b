#include "core/logstream/stream.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "core/logstream/gcs_credentials.h"

namespace latchkey::logstream {
namespace {

constexpr std::array<std::string_view, 2> kLogTypes{"configuration", "network"};
constexpr std::array<std::string_view, 9> kDestinations{
    "axiom", "cribl", "crowdstrike", "datadog", "elastic", "gcs", "panther", "s3", "splunk"};

template <class Enum, std::size_t Size>
std::optional<Enum> value_of(const std::array<std::string_view, Size>& words, std::string_view text) {
  const auto* found = std::ranges::find(words, text);
  if (found == words.end()) return std::nullopt;
  return static_cast<Enum>(found - words.begin());
}

bool is_plain(std::string_view text, std::size_t most) {
  return text.size() <= most && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; }) &&
         !holds_key(text);
}

Result<void> check_text(const std::string& text, const std::string& name) {
  if (is_plain(text, kMaxText)) return {};
  return malformed(
      name + " takes at most " + std::to_string(kMaxText) + " characters, without spaces and keys", name);
}

// Without user and password, which everybody who may read the configuration would see.
Result<void> check_url(const std::string& url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!url.starts_with(scheme) || !is_plain(url, kMaxUrl)) continue;
    const auto rest = std::string_view(url).substr(scheme.size());
    const auto host = rest.substr(0, rest.find_first_of("/?#"));
    if (!host.empty() && host.find('@') == std::string_view::npos) return {};
  }
  return malformed("url takes a web address of at most " + std::to_string(kMaxUrl) +
                       " characters without user and password, such as https://logs.example.com/intake",
                   "url");
}

Error needs(Destination destination, const std::string& name) {
  return malformed(
      "with destinationType " + std::string(to_string(destination)) + ", " + name + " is required", name);
}

Error has_no_use(std::string_view with, const std::string& name) {
  return malformed(name + " has no use with " + std::string(with) + "; leave it out", name);
}

Result<void> check_common(const Settings& settings, const Secrets& secrets) {
  if (settings.upload_period_minutes < 0 || settings.upload_period_minutes > kLongestUploadPeriod) {
    return malformed("uploadPeriodMinutes must be between 0 and " + std::to_string(kLongestUploadPeriod),
                     "uploadPeriodMinutes");
  }
  const auto& compression = settings.compression;
  if (compression != "none" && compression != "zstd" && compression != "gzip") {
    return malformed("compressionFormat must be none, zstd or gzip", "compressionFormat");
  }
  TRY(check_text(settings.user, "user"));
  for (const auto& [secret, name] :
       {std::pair{&secrets.token, "token"}, std::pair{&secrets.s3_secret_access_key, "s3SecretAccessKey"}}) {
    if (secret->expose().size() > kMaxSecret) {
      return malformed(std::string(name) + " takes at most " + std::to_string(kMaxSecret) + " bytes", name);
    }
  }
  if (!settings.url.empty()) return check_url(settings.url);
  return {};
}

Result<void> refuse_s3(Destination destination, const Settings& settings, const Secrets& secrets) {
  const std::pair<bool, const char*> members[] = {
      {!settings.s3_bucket.empty(), "s3Bucket"},
      {!settings.s3_region.empty(), "s3Region"},
      {!settings.s3_key_prefix.empty(), "s3KeyPrefix"},
      {!settings.s3_authentication.empty(), "s3AuthenticationType"},
      {!settings.s3_access_key_id.empty(), "s3AccessKeyId"},
      {!secrets.s3_secret_access_key.expose().empty(), "s3SecretAccessKey"},
      {!settings.s3_role_arn.empty(), "s3RoleArn"},
      {!settings.s3_external_id.empty(), "s3ExternalId"}};
  for (const auto& [said, name] : members) {
    if (said) return has_no_use("destinationType " + std::string(to_string(destination)), name);
  }
  return {};
}

Result<void> refuse_gcs(Destination destination, const Settings& settings) {
  const std::pair<bool, const char*> members[] = {{!settings.gcs_bucket.empty(), "gcsBucket"},
                                                  {!settings.gcs_key_prefix.empty(), "gcsKeyPrefix"},
                                                  {!settings.gcs_scopes.empty(), "gcsScopes"},
                                                  {!settings.gcs_credentials.empty(), "gcsCredentials"}};
  for (const auto& [said, name] : members) {
    if (said) return has_no_use("destinationType " + std::string(to_string(destination)), name);
  }
  return {};
}

Result<void> check_s3(const Settings& settings, const Secrets& secrets) {
  constexpr auto kS3 = Destination::s3;
  if (settings.s3_bucket.empty()) return needs(kS3, "s3Bucket");
  if (settings.s3_region.empty()) return needs(kS3, "s3Region");
  TRY(check_text(settings.s3_bucket, "s3Bucket"));
  TRY(check_text(settings.s3_region, "s3Region"));
  TRY(check_text(settings.s3_key_prefix, "s3KeyPrefix"));
  if (settings.s3_authentication == "accesskey") {
    if (settings.s3_access_key_id.empty()) return needs(kS3, "s3AccessKeyId");
    if (secrets.s3_secret_access_key.expose().empty()) return needs(kS3, "s3SecretAccessKey");
    if (!settings.s3_role_arn.empty()) return has_no_use("s3AuthenticationType accesskey", "s3RoleArn");
    if (!settings.s3_external_id.empty()) return has_no_use("s3AuthenticationType accesskey", "s3ExternalId");
    return check_text(settings.s3_access_key_id, "s3AccessKeyId");
  }
  if (settings.s3_authentication == "rolearn") {
    if (!account_of_role(settings.s3_role_arn)) {
      return malformed("s3RoleArn must name a role, such as arn:aws:iam::123456789012:role/log-writer",
                       "s3RoleArn");
    }
    if (settings.s3_external_id.empty()) {
      return malformed(
          "s3ExternalId is required with a role: POST /tailnet/{tailnet}/aws-external-id makes one",
          "s3ExternalId");
    }
    if (!settings.s3_access_key_id.empty())
      return has_no_use("s3AuthenticationType rolearn", "s3AccessKeyId");
    if (!secrets.s3_secret_access_key.expose().empty()) {
      return has_no_use("s3AuthenticationType rolearn", "s3SecretAccessKey");
    }
    return {};
  }
  return malformed("s3AuthenticationType must be accesskey or rolearn", "s3AuthenticationType");
}

Result<void> check_gcs(Settings& settings) {
  constexpr auto kGcs = Destination::gcs;
  if (settings.gcs_bucket.empty()) return needs(kGcs, "gcsBucket");
  if (settings.gcs_credentials.empty()) return needs(kGcs, "gcsCredentials");
  TRY(check_text(settings.gcs_bucket, "gcsBucket"));
  TRY(check_text(settings.gcs_key_prefix, "gcsKeyPrefix"));
  if (settings.gcs_scopes.size() > kMaxScopes) {
    return malformed("at most " + std::to_string(kMaxScopes) + " gcsScopes are allowed", "gcsScopes");
  }
  for (const auto& scope : settings.gcs_scopes) TRY(check_text(scope, "gcsScopes"));
  TRY(settings.gcs_credentials, canonical_gcs_credentials(settings.gcs_credentials));
  return {};
}

}  // namespace

std::string_view to_string(LogType type) {
  return kLogTypes.at(static_cast<std::size_t>(type));
}
std::optional<LogType> log_type_from(std::string_view text) {
  return value_of<LogType>(kLogTypes, text);
}
std::string_view to_string(Destination destination) {
  return kDestinations.at(static_cast<std::size_t>(destination));
}
std::optional<Destination> destination_from(std::string_view text) {
  return value_of<Destination>(kDestinations, text);
}

Result<Settings> check(Destination destination, Settings settings, const Secrets& secrets) {
  TRY(check_common(settings, secrets));
  if (destination != Destination::s3) TRY(refuse_s3(destination, settings, secrets));
  if (destination != Destination::gcs) TRY(refuse_gcs(destination, settings));
  const bool has_token = !secrets.token.expose().empty();
  if (destination == Destination::s3 || destination == Destination::gcs) {
    const auto with = "destinationType " + std::string(to_string(destination));
    if (has_token) return has_no_use(with, "token");
    if (destination == Destination::s3) {
      TRY(check_s3(settings, secrets));
    } else {
      if (!settings.url.empty()) return has_no_use(with, "url");
      TRY(check_gcs(settings));
    }
    return settings;
  }
  if (settings.url.empty()) return needs(destination, "url");
  if (!has_token) return needs(destination, "token");
  if (destination == Destination::elastic && settings.user.empty()) return needs(destination, "user");
  return settings;
}

std::optional<std::string> account_of_role(std::string_view arn) {
  constexpr std::size_t kDigits = 12;
  const auto parts = split(arn, ':');
  if (!is_plain(arn, kMaxText) || parts.size() != 6 || parts[0] != "arn" || !parts[1].starts_with("aws") ||
      parts[2] != "iam" || !parts[3].empty() || !parts[5].starts_with("role/") ||
      parts[5].size() == std::string_view("role/").size()) {
    return std::nullopt;
  }
  const auto account = parts[4];
  const bool digits = std::ranges::all_of(account, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || account.size() != kDigits) return std::nullopt;
  return std::string(account);
}

std::string seal_context(const TailnetId& tailnet, LogType type, std::string_view member) {
  return "log_streams/" + tailnet.str() + "/" + std::string(to_string(type)) + "/" + std::string(member);
}

}  // namespace latchkey::logstream
