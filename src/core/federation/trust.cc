#include "core/federation/trust.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.h"

namespace latchkey::federation {
namespace {

bool is_plain(std::string_view text, std::size_t most) {
  const bool printable =
      std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
  return !text.empty() && text.size() <= most && printable && utf8_length(text) && !holds_key(text);
}

Error wrong(const char* field, const std::string& says) {
  return malformed(says, field);
}

}  // namespace

Result<void> check_issuer(std::string_view issuer, bool allow_http) {
  const std::string wanted =
      std::string("issuer must be an https:// address without user, query or fragment, of at most ") +
      std::to_string(kMaxTrustText) + " characters";
  if (!is_plain(issuer, kMaxTrustText)) return wrong("issuer", wanted);
  std::string_view rest = issuer;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (allow_http && rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return wrong("issuer", wanted);
  }
  const auto host = rest.substr(0, rest.find('/'));
  const bool odd = rest.find_first_of(" ?#@\\%\"<>") != std::string_view::npos;
  if (host.empty() || host.front() == ':' || odd) return wrong("issuer", wanted);
  return {};
}

Result<void> check_trust(const Trust& trust, bool allow_http) {
  TRY(check_issuer(trust.issuer, allow_http));
  if (!is_plain(trust.audience, kMaxTrustText)) {
    return wrong("audience", "audience takes at most " + std::to_string(kMaxTrustText) + " characters");
  }
  if (!is_plain(trust.subject, kMaxTrustText)) {
    return wrong(
        "subject",
        "subject is required: the value of the sub claim, or a pattern such as repo:example/*, of at most " +
            std::to_string(kMaxTrustText) + " characters");
  }
  const bool anybody = trust.subject.find_first_not_of('*') == std::string::npos;
  if (anybody && trust.claim_rules.empty()) {
    return wrong("subject",
                 "a subject of * lets in everybody whom the issuer knows: add a customClaimRules entry");
  }
  if (trust.claim_rules.size() > kMaxClaimRules) {
    return wrong("customClaimRules",
                 "at most " + std::to_string(kMaxClaimRules) + " customClaimRules are allowed");
  }
  for (const auto& [claim, pattern] : trust.claim_rules) {
    if (claim == "iss" || claim == "sub" || claim == "aud") {
      return wrong("customClaimRules", claim + " has a field of its own and cannot be a custom claim rule");
    }
    if (!is_plain(claim, kMaxTrustText) || !claim_path(claim)) {
      return wrong("customClaimRules",
                   "customClaimRules are named by claims, such as repository_owner or user.name");
    }
    if (!is_plain(pattern, kMaxTrustText)) {
      return wrong("customClaimRules", "customClaimRules take patterns of at most " +
                                           std::to_string(kMaxTrustText) + " characters");
    }
  }
  return {};
}

bool matches_pattern(std::string_view pattern, std::string_view value) {
  std::size_t p = 0;
  std::size_t v = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (v < value.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = v;
    } else if (p < pattern.size() && pattern[p] == value[v]) {
      ++p;
      ++v;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      v = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::optional<std::vector<std::string>> claim_path(std::string_view rule) {
  std::vector<std::string> names;
  for (;;) {
    std::string name;
    if (rule.starts_with('"')) {
      const auto end = rule.find('"', 1);
      if (end == std::string_view::npos) return std::nullopt;
      name = rule.substr(1, end - 1);
      rule.remove_prefix(end + 1);
      if (!rule.empty() && !rule.starts_with('.')) return std::nullopt;
    } else {
      const auto end = std::min(rule.find('.'), rule.size());
      name = rule.substr(0, end);
      if (name.find('"') != std::string::npos) return std::nullopt;
      rule.remove_prefix(end);
    }
    if (name.empty()) return std::nullopt;
    names.push_back(std::move(name));
    if (rule.empty()) return names;
    rule.remove_prefix(1);
  }
}

}  // namespace latchkey::federation
