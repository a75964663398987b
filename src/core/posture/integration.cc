#include "core/posture/integration.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"

namespace latchkey::posture {
namespace {

constexpr std::array<std::string_view, 8> kProviders{"falcon",  "fleet",  "huntress", "intune",
                                                     "jamfpro", "kandji", "kolide",   "sentinelone"};

enum class Shape {
  blank,   // must be empty
  any,     // may be anything: upstream's description does not say
  some,    // any text, but some
  uuid,    // 8-4-4-4-12 hexadecimal digits
  domain,  // such as mydomain.sentinelone.net
  falcon_cloud,
  intune_cloud,
};

struct Row {
  Provider provider;
  Shape cloud_id;
  Shape client_id;
  Shape tenant_id;
};

constexpr Row kRows[] = {
    {Provider::falcon, Shape::falcon_cloud, Shape::some, Shape::blank},
    {Provider::fleet, Shape::any, Shape::any, Shape::blank},
    {Provider::huntress, Shape::any, Shape::any, Shape::blank},
    {Provider::intune, Shape::intune_cloud, Shape::uuid, Shape::uuid},
    {Provider::jamfpro, Shape::domain, Shape::some, Shape::blank},
    {Provider::kandji, Shape::domain, Shape::blank, Shape::blank},
    {Provider::kolide, Shape::blank, Shape::blank, Shape::blank},
    {Provider::sentinelone, Shape::domain, Shape::blank, Shape::blank},
};

bool is_uuid(std::string_view text) {
  constexpr std::string_view kPattern = "00000000-0000-0000-0000-000000000000";
  return std::ranges::equal(text, kPattern, [](char c, char pattern) {
    if (pattern == '-') return c == '-';
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

bool is_domain(std::string_view text) {
  const auto labels = split(text, '.');
  return labels.size() >= 2 && std::ranges::all_of(labels, [](std::string_view label) {
           return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
                  std::ranges::all_of(label, [](char c) {
                    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '-';
                  });
         });
}

bool fits(std::string_view text, Shape shape) {
  const auto is = [&](std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, text) != words.end();
  };
  switch (shape) {
    case Shape::blank:
      return text.empty();
    case Shape::any:
      return true;
    case Shape::some:
      return !text.empty();
    case Shape::uuid:
      return is_uuid(text);
    case Shape::domain:
      return is_domain(text);
    case Shape::falcon_cloud:
      return is({"us-1", "us-2", "eu-1", "us-gov"});
    case Shape::intune_cloud:
      return is({"global", "us-gov"});
  }
  return false;
}

std::string wanted(Shape shape) {
  switch (shape) {
    case Shape::blank:
      return "is left blank";
    case Shape::some:
      return "is required";
    case Shape::uuid:
      return "is a UUID such as d1ae389b-5207-43a2-afca-2de6b03ac7e3";
    case Shape::domain:
      return "is a domain such as mydomain.example.com";
    case Shape::falcon_cloud:
      return "is us-1, us-2, eu-1 or us-gov";
    case Shape::intune_cloud:
      return "is global or us-gov";
    case Shape::any:
      break;
  }
  return {};
}

Result<void> check_member(const std::string& text, Shape shape, std::string_view provider,
                          const std::string& name) {
  const bool plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
  if (text.size() > kMaxMember || !plain || holds_key(text)) {
    return malformed(
        name + " takes at most " + std::to_string(kMaxMember) + " characters, without spaces and keys", name);
  }
  if (fits(text, shape)) return {};
  return malformed("with " + std::string(provider) + ", " + name + " " + wanted(shape), name);
}

}  // namespace

std::string_view to_string(Provider provider) {
  return kProviders.at(static_cast<std::size_t>(provider));
}

std::optional<Provider> provider_from(std::string_view text) {
  const auto* found = std::ranges::find(kProviders, text);
  if (found == kProviders.end()) return std::nullopt;
  return static_cast<Provider>(found - kProviders.begin());
}

Result<void> check(Provider provider, const Account& account) {
  const auto& row = *std::ranges::find(kRows, provider, &Row::provider);
  const auto name = to_string(provider);
  TRY(check_member(account.cloud_id, row.cloud_id, name, "cloudId"));
  TRY(check_member(account.client_id, row.client_id, name, "clientId"));
  return check_member(account.tenant_id, row.tenant_id, name, "tenantId");
}

std::string seal_context(const TailnetId& tailnet, const IntegrationId& id) {
  return "posture_integrations/" + tailnet.str() + "/" + id.str() + "/client_secret";
}

}  // namespace latchkey::posture
