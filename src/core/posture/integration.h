// A posture integration: the account with which a tailnet asks one provider about the state of its devices.
// At most one for each provider.
//
// This server keeps integrations for clients that manage them; it asks no provider (docs/divergences.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace latchkey::posture {

using IntegrationId = Id<struct IntegrationTag>;  // p...CNTRL

inline constexpr std::size_t kMaxMember = 255;         // of the three names of an account
inline constexpr std::size_t kMaxSecret = 8UL * 1024;  // of a client secret, in bytes

enum class Provider { falcon, fleet, huntress, intune, jamfpro, kandji, kolide, sentinelone };

// On the wire and stored.
std::string_view to_string(Provider provider);
std::optional<Provider> provider_from(std::string_view text);

// Which account it is, apart from its secret.
struct Account {
  std::string cloud_id;   // of the provider's clouds: a region, or the domain of a customer
  std::string client_id;  // empty where the provider has none
  std::string tenant_id;  // Microsoft's directory

  bool operator==(const Account&) const = default;
};

struct Integration {
  IntegrationId id;
  TailnetId tailnet;
  Provider provider = Provider::falcon;
  Account account;
  std::vector<std::uint8_t> sealed_secret;  // crypto/seal.h, bound to seal_context()
  TimePoint updated{};
};

// Which members each provider has, by upstream's description. Malformed names the one that is missing, wrong,
// or does not belong to this provider.
Result<void> check(Provider provider, const Account& account);

// What a sealed secret is bound to; stored data depends on it.
std::string seal_context(const TailnetId& tailnet, const IntegrationId& id);

}  // namespace latchkey::posture
