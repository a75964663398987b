#include "core/logstream/gcs_credentials.h"

#include <boost/json.hpp>
#include <initializer_list>

#include "base/text.h"

namespace latchkey::logstream {
namespace {

constexpr std::initializer_list<std::string_view> kMembers{"universe_domain",
                                                           "type",
                                                           "audience",
                                                           "subject_token_type",
                                                           "service_account_impersonation_url",
                                                           "token_url",
                                                           "credential_source"};
constexpr std::initializer_list<std::string_view> kSourceMembers{
    "environment_id", "region_url", "url", "regional_cred_verification_url", "imdsv2_session_token_url"};
// Of other kinds of credentials.
constexpr std::initializer_list<std::string_view> kSecrets{"private_key", "client_secret", "refresh_token"};
constexpr std::initializer_list<std::string_view> kOtherSources{"file", "executable", "certificate",
                                                                "headers"};

Error refused(const std::string& why) {
  return malformed("gcsCredentials " + why, "gcsCredentials");
}

// Text members are taken over, in this order.
Result<boost::json::object> known_members(const boost::json::object& from,
                                          std::initializer_list<std::string_view> names) {
  boost::json::object known;
  for (const auto name : names) {
    const auto* value = from.if_contains(name);
    if (value == nullptr || name == "credential_source") continue;
    if (!value->is_string()) return refused("member " + std::string(name) + " must be text");
    known[name] = *value;
  }
  return known;
}

// As Go writes JSON that may stand in a web page.
std::string escaped(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string_view rest = std::string_view(json).substr(i);
    if (json[i] == '&') {
      out += "\\u0026";
    } else if (json[i] == '<') {
      out += "\\u003c";
    } else if (json[i] == '>') {
      out += "\\u003e";
    } else if (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9")) {
      out += rest[2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += json[i];
    }
  }
  return out;
}

}  // namespace

Result<std::string> canonical_gcs_credentials(std::string_view text) {
  boost::json::error_code failed;
  const auto too_long = [] {
    return refused("take at most " + std::to_string(kMaxGcsCredentials) + " bytes");
  };
  if (text.size() > kMaxGcsCredentials) return too_long();
  const auto parsed = boost::json::parse(text, failed);
  const auto* object = parsed.if_object();
  if (failed || object == nullptr) return refused("must be the text of a JSON object");
  for (const auto name : kSecrets) {
    if (object->contains(name)) {
      return refused("must not hold a " + std::string(name) + ": use workload identity federation");
    }
  }
  if (const auto* type = object->if_contains("type"); type == nullptr || *type != "external_account") {
    return refused("must have the type external_account: use workload identity federation");
  }
  if (holds_key(text)) return refused("must not hold a key");
  TRY(auto known, known_members(*object, kMembers));
  for (const auto* name : {"audience", "subject_token_type", "token_url"}) {
    if (!known.contains(name)) return refused("need the member " + std::string(name));
  }
  const auto* source = object->if_contains("credential_source");
  if (source == nullptr || !source->is_object()) return refused("need the object credential_source");
  for (const auto name : kOtherSources) {
    if (source->get_object().contains(name)) {
      return refused("with a credential_source of " + std::string(name) +
                     " are not taken, only those of AWS");
    }
  }
  TRY(auto known_source, known_members(source->get_object(), kSourceMembers));
  if (!known_source.contains("environment_id")) return refused("need credential_source.environment_id");
  known["credential_source"] = std::move(known_source);
  auto written = escaped(boost::json::serialize(known));
  if (written.size() > kMaxGcsCredentials) return too_long();
  return written;
}

}  // namespace latchkey::logstream
