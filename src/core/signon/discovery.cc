#include "core/signon/discovery.h"

#include <algorithm>

#include "base/text.h"
#include "core/federation/jws.h"

namespace latchkey::signon {
namespace {

namespace json = boost::json;
using federation::text_of;

// Texts in a list; an absent list is `otherwise`.
std::vector<std::string> texts_of(const json::object& document, const char* name,
                                  std::vector<std::string> otherwise = {}) {
  const auto* value = document.if_contains(name);
  if (value == nullptr || !value->is_array()) return otherwise;
  std::vector<std::string> texts;
  for (const auto& each : value->get_array()) {
    if (each.is_string()) texts.emplace_back(each.get_string());
  }
  return texts;
}

bool holds(const std::vector<std::string>& texts, std::string_view text) {
  return std::ranges::find(texts, text) != texts.end();
}

std::string shown(std::string_view text) {
  return storable(clip(redact_keys(text), 128));
}

bool is_endpoint(std::string_view text, bool allow_http) {
  if (text.size() > kMaxEndpoint) return false;
  const bool scheme = text.starts_with("https://") || (allow_http && text.starts_with("http://"));
  const auto host = scheme ? text.substr(text.find("://") + 3) : std::string_view();
  const bool plain = std::ranges::all_of(
      text, [](char c) { return c > ' ' && c < 0x7F && c != '#' && c != '\\' && c != '"' && c != '<'; });
  return plain && !host.empty() && host.front() != '/' &&
         host.substr(0, host.find('/')).find('@') == std::string_view::npos;
}

class Reader {
 public:
  Reader(const json::object& document, bool allow_http) : document_(document), allow_http_(allow_http) {}

  void note(std::string name, bool good, std::string says) {
    report_.findings.push_back({std::move(name), good, std::move(says)});
  }

  std::string endpoint(const char* member, const char* name, bool required) {
    const auto text = text_of(document_, member);
    if (text.empty() && !required) return {};
    const bool good = is_endpoint(text, allow_http_);
    note(name, good, good ? shown(text) : std::string(member) + " is no https:// address: " + shown(text));
    return good ? text : std::string();
  }

  DiscoveryReport read(std::string_view issuer) {
    auto& found = report_.discovery;
    const auto named = text_of(document_, "issuer");
    note("issuer", named == issuer,
         named == issuer ? named : "the document names another issuer: " + shown(named));
    found.authorization_endpoint = endpoint("authorization_endpoint", "authorization endpoint", true);
    found.token_endpoint = endpoint("token_endpoint", "token endpoint", true);
    endpoint("jwks_uri", "key set", true);
    found.userinfo_endpoint = endpoint("userinfo_endpoint", "UserInfo endpoint", false);

    const bool code = holds(texts_of(document_, "response_types_supported"), "code");
    note("authorization code", code, code ? "supported" : "response_types_supported lacks code");
    // A provider without the member may still support it: the answer to a login will show.
    const auto methods = texts_of(document_, "code_challenge_methods_supported", {"S256"});
    const bool pkce = holds(methods, "S256");
    note("PKCE", pkce, pkce ? "S256" : "code_challenge_methods_supported lacks S256");
    read_algorithms();
    read_authentication();
    const auto* names = document_.if_contains("authorization_response_iss_parameter_supported");
    found.names_issuer = names != nullptr && names->is_bool() && names->get_bool();
    return std::move(report_);
  }

 private:
  void read_algorithms() {
    std::string words;
    for (const auto& name : texts_of(document_, "id_token_signing_alg_values_supported")) {
      const auto algorithm = crypto::jws_algorithm_from(name);
      if (!algorithm) continue;
      report_.discovery.algorithms.push_back(*algorithm);
      words += (words.empty() ? "" : ", ") + name;
    }
    const bool any = !report_.discovery.algorithms.empty();
    note("signatures", any,
         any ? words : "id_token_signing_alg_values_supported has no asymmetric algorithm");
  }

  void read_authentication() {
    // Without the member it is client_secret_basic.
    const auto methods =
        texts_of(document_, "token_endpoint_auth_methods_supported", {"client_secret_basic"});
    const bool basic = holds(methods, "client_secret_basic");
    const bool post = holds(methods, "client_secret_post");
    report_.discovery.basic_authentication = basic;
    note("client authentication", basic || post,
         basic  ? "client_secret_basic"
         : post ? "client_secret_post"
                : "the token endpoint takes neither client_secret_basic nor client_secret_post");
  }

  const json::object& document_;
  bool allow_http_;
  DiscoveryReport report_;
};

}  // namespace

bool DiscoveryReport::good() const {
  return std::ranges::all_of(findings, &Finding::good);
}

std::string DiscoveryReport::first_fault() const {
  const auto fault = std::ranges::find(findings, false, &Finding::good);
  return fault == findings.end() ? std::string() : fault->name + ": " + fault->says;
}

DiscoveryReport read_discovery(const json::object& document, std::string_view issuer, bool allow_http) {
  return Reader(document, allow_http).read(issuer);
}

}  // namespace latchkey::signon
