#include "core/federation/claims.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cmath>

#include "base/text.h"

namespace latchkey::federation {
namespace {

namespace json = boost::json;

// What a token says, as the log shows it.
std::string shown(std::string_view text) {
  return "\"" + storable(clip(redact_keys(text), 128)) + "\"";
}

const json::string* text_of(const json::object& claims, const char* name) {
  const auto* value = claims.if_contains(name);
  return value == nullptr ? nullptr : value->if_string();
}

}  // namespace

Result<std::optional<TimePoint>> numeric_date(const json::object& claims, const char* name) {
  constexpr double kMost = 253402300799.0;  // the year 9999
  const auto* value = claims.if_contains(name);
  if (value == nullptr) return std::optional<TimePoint>();
  const bool is_number = value->is_int64() || value->is_uint64() || value->is_double();
  const double number = is_number ? value->to_number<double>() : -1;
  if (!is_number || !std::isfinite(number) || number < 0 || number > kMost) {
    return malformed(std::string(name) + " is no time");
  }
  return std::optional(from_micros(static_cast<std::int64_t>(number) * 1'000'000));
}

namespace {

Result<void> check_audience(const json::object& claims, const std::string& audience) {
  const auto* value = claims.if_contains("aud");
  if (value == nullptr) return malformed("aud is missing");
  const auto is_it = [&](const json::value& each) {
    return each.is_string() && each.get_string() == audience;
  };
  if (is_it(*value) || (value->is_array() && std::ranges::any_of(value->get_array(), is_it))) return {};
  return malformed("aud is " + shown(json::serialize(*value)) + ", not " + shown(audience));
}

bool scalar_matches(const json::value& value, std::string_view pattern) {
  if (value.is_string()) return matches_pattern(pattern, std::string_view(value.get_string()));
  if (value.is_object() || value.is_array() || value.is_null()) return false;
  return matches_pattern(pattern, json::serialize(value));
}

bool rule_matches(const json::object& claims, const std::string& rule, std::string_view pattern) {
  const auto path = claim_path(rule);
  if (!path) return false;
  const json::value* value = nullptr;
  const json::object* object = &claims;
  for (const auto& name : *path) {
    value = object == nullptr ? nullptr : object->if_contains(name);
    if (value == nullptr) return false;
    object = value->if_object();
  }
  if (!value->is_array()) return scalar_matches(*value, pattern);
  return std::ranges::any_of(value->get_array(),
                             [&](const json::value& each) { return scalar_matches(each, pattern); });
}

Result<TimePoint> check_times(const json::object& claims, TimePoint now) {
  TRY(const auto expires, numeric_date(claims, "exp"));
  TRY(const auto issued, numeric_date(claims, "iat"));
  TRY(const auto not_before, numeric_date(claims, "nbf"));
  if (!expires) return malformed("exp is missing");
  if (!issued) return malformed("iat is missing");
  if (*expires + kClockSkew <= now) return malformed("the token expired at " + to_rfc3339(*expires));
  if (*expires <= *issued) return malformed("exp is not after iat");
  if (*issued - kClockSkew > now) return malformed("iat is in the future: " + to_rfc3339(*issued));
  if (not_before && *not_before - kClockSkew > now) {
    return malformed("the token is not valid before " + to_rfc3339(*not_before));
  }
  if (*expires - *issued > kLongestTokenLife) return malformed("the token lives longer than seven days");
  return *expires;
}

}  // namespace

Result<Claims> judge_claims(const json::object& claims, const Trust& trust, TimePoint now) {
  const auto* issuer = text_of(claims, "iss");
  if (issuer == nullptr) return malformed("iss is missing");
  if (*issuer != trust.issuer) {
    return malformed("iss is " + shown(*issuer) + ", not " + shown(trust.issuer));
  }
  TRY(check_audience(claims, trust.audience));
  Claims judged;
  TRY(judged.expires, check_times(claims, now));
  const auto* subject = text_of(claims, "sub");
  if (subject == nullptr || subject->empty()) return malformed("sub is missing");
  if (!matches_pattern(trust.subject, std::string_view(*subject))) {
    return malformed("sub is " + shown(*subject) + ", which " + shown(trust.subject) + " does not match");
  }
  for (const auto& [rule, pattern] : trust.claim_rules) {
    if (!rule_matches(claims, rule, pattern)) {
      return malformed("the claim " + shown(rule) + " does not match " + shown(pattern));
    }
  }
  judged.subject = *subject;
  if (const auto* id = claims.if_contains("jti"); id != nullptr) {
    // One that cannot be remembered would let the token count again and again.
    if (!id->is_string() || id->get_string().empty()) return malformed("jti is no text");
    if (id->get_string().size() > kMaxTrustText) return malformed("jti is too long");
    judged.id = id->get_string();
  }
  return judged;
}

}  // namespace latchkey::federation
