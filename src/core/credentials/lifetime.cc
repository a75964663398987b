#include "core/credentials/lifetime.h"

#include <fmt/format.h>

namespace latchkey::credentials {

std::optional<Lifetime> lifetime_of(KeyType type) {
  switch (type) {
    case KeyType::api:
      return Lifetime{days{1}, days{90}, days{90}};
    // Upstream's console starts at a day, its API takes less: 30 seconds have been seen in use.
    case KeyType::auth:
      return Lifetime{seconds{1}, days{90}, days{90}};
    case KeyType::client:
    case KeyType::federated:
    case KeyType::scim:
    case KeyType::webhook:
      return std::nullopt;
  }
  return std::nullopt;
}

Result<seconds> choose_lifetime(KeyType type, std::optional<std::int64_t> expiry_seconds,
                                std::optional<seconds> longest) {
  const auto lifetime = lifetime_of(type);
  if (!lifetime) return malformed(fmt::format("a {} does not expire", name_of(type)), "expirySeconds");
  const seconds most = longest ? std::min(*longest, lifetime->most) : lifetime->most;
  if (expiry_seconds.value_or(0) == 0) return std::min(lifetime->standard, most);
  if (*expiry_seconds < lifetime->least.count() || *expiry_seconds > most.count()) {
    return malformed(fmt::format("expirySeconds must be between {} and {} for an {}", lifetime->least.count(),
                                 most.count(), name_of(type)),
                     "expirySeconds");
  }
  return seconds{*expiry_seconds};
}

Result<std::optional<seconds>> choose_client_lifetime(std::optional<std::int64_t> expiry_seconds) {
  constexpr auto kMost = duration_cast<seconds>(kLongestClientLife).count();
  const auto wanted = expiry_seconds.value_or(0);
  if (wanted == 0) return std::optional<seconds>();
  if (wanted < 1 || wanted > kMost) {
    return malformed(
        fmt::format("expirySeconds must be between 1 and {}, or absent for an OAuth client that does "
                    "not expire",
                    kMost),
        "expirySeconds");
  }
  return std::optional(seconds{wanted});
}

}  // namespace latchkey::credentials
