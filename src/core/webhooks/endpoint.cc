#include "core/webhooks/endpoint.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace latchkey::webhooks {
namespace {

constexpr std::array<std::pair<Provider, std::string_view>, 5> kProviders{{
    {Provider::generic, ""},
    {Provider::slack, "slack"},
    {Provider::mattermost, "mattermost"},
    {Provider::googlechat, "googlechat"},
    {Provider::discord, "discord"},
}};

constexpr std::size_t kMattermostHookId = 26;

// The parts of an absolute address, as they are written.
struct Parts {
  std::string_view scheme;
  std::string_view authority;
  std::string_view path;  // from the slash on, without query and fragment
};

std::optional<Parts> parts_of(std::string_view url) {
  const auto colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Parts parts;
  parts.scheme = url.substr(0, colon);
  auto rest = url.substr(colon + 3);
  const auto end = std::min(rest.find_first_of("/?#"), rest.size());
  parts.authority = rest.substr(0, end);
  rest.remove_prefix(end);
  parts.path = rest.substr(0, std::min(rest.find_first_of("?#"), rest.size()));
  return parts;
}

// Without the port.
std::string host_of(std::string_view authority) {
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return to_lower(has_port ? authority.substr(0, colon) : authority);
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failed == std::errc{} && end == text.data() + text.size() && port != 0;
}

// A name, an IPv4 address, or an IPv6 address in brackets; and a port, if there is one.
bool is_authority(std::string_view authority) {
  const auto host = host_of(authority);
  if (host.empty() || host.starts_with('.')) return false;
  if (host.size() < authority.size() && !is_port(authority.substr(host.size() + 1))) return false;
  if (host.starts_with('[')) {
    return host.size() > 2 && host.ends_with(']') &&
           std::all_of(host.begin() + 1, host.end() - 1, [](char c) {
             return std::string_view("0123456789abcdef:.").find(c) != std::string_view::npos;
           });
  }
  return std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

bool is_mattermost_path(std::string_view path) {
  constexpr std::string_view kHooks = "/hooks/";
  const auto at = path.rfind(kHooks);
  if (at == std::string_view::npos) return false;
  const auto id = path.substr(at + kHooks.size());
  return id.size() == kMattermostHookId &&
         std::ranges::all_of(id, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

}  // namespace

std::string_view to_string(Provider provider) {
  return std::ranges::find(kProviders, provider, &std::pair<Provider, std::string_view>::first)->second;
}

std::optional<Provider> provider_from(std::string_view text) {
  const auto* found = std::ranges::find(kProviders, text, &std::pair<Provider, std::string_view>::second);
  if (found == kProviders.end()) return std::nullopt;
  return found->first;
}

Provider provider_of_url(std::string_view url) {
  const auto parts = parts_of(url);
  if (!parts) return Provider::generic;
  const auto host = host_of(parts->authority);
  const auto path = parts->path;
  if ((host == "hooks.slack.com" || host == "hooks.slack-gov.com") && path.starts_with("/services/")) {
    return Provider::slack;
  }
  const bool discord = host == "discord.com" || host.ends_with(".discord.com") || host == "discordapp.com" ||
                       host.ends_with(".discordapp.com");
  if (discord && path.starts_with("/api/") && path.find("/webhooks/") != std::string_view::npos) {
    return Provider::discord;
  }
  if (host == "chat.googleapis.com") return Provider::googlechat;
  if (is_mattermost_path(path)) return Provider::mattermost;
  return Provider::generic;
}

Provider format_of(const WebhookEndpoint& endpoint) {
  return endpoint.provider == Provider::generic ? provider_of_url(endpoint.url) : endpoint.provider;
}

Result<void> check_endpoint_url(std::string_view url, bool allow_http) {
  const auto refuse = [](std::string why) {
    return malformed("endpointUrl " + std::move(why), "endpointUrl");
  };
  if (url.size() > kMaxEndpointUrl) {
    return refuse("takes at most " + std::to_string(kMaxEndpointUrl) + " bytes");
  }
  if (std::ranges::any_of(
          url, [](char c) { return c <= ' ' || c > '~' || c == '\\' || c == '"' || c == '<' || c == '>'; })) {
    return refuse("takes printable ASCII without spaces; encode anything else with %");
  }
  const auto parts = parts_of(url);
  const auto scheme = parts ? to_lower(parts->scheme) : std::string();
  if (scheme != "https" && scheme != "http") return refuse("must be an https:// address");
  if (scheme == "http" && !allow_http) {
    return refuse("must be an https:// address; http is for test benches, with webhooks.allow_http");
  }
  if (parts->authority.find('@') != std::string_view::npos) {
    return refuse("takes no user name or password");
  }
  if (url.find('#') != std::string_view::npos) return refuse("takes no fragment (#)");
  if (!is_authority(parts->authority)) return refuse("needs a host name, and a port of 1 to 65535 if any");
  if (holds_key(url)) return refuse("holds a key: remove it, and revoke the key");
  return {};
}

std::string masked_url(const WebhookEndpoint& endpoint) {
  const auto parts = parts_of(endpoint.url);
  if (!parts) return "***";
  std::string masked = std::string(parts->scheme) + "://" + std::string(parts->authority);
  if (format_of(endpoint) != Provider::generic) return masked + "/***";
  masked += parts->path;
  if (masked.size() < endpoint.url.size()) masked += "?***";
  return masked;
}

}  // namespace latchkey::webhooks
