// Seals the secrets of endpoints for the database and opens them for signing. Holds a key derived from the
// root key (crypto/root_key.h, kWebhookSealPurpose); const and safe from any thread. Lives as long as the
// server.
#pragma once

#include <vector>

#include "core/webhooks/endpoint.h"
#include "crypto/digest.h"

namespace latchkey::webhooks {

class WebhookVault {
 public:
  explicit WebhookVault(crypto::Key256 key) : key_(std::move(key)) {}

  // Bound to its tailnet and endpoint: a sealed secret that is moved to another row does not open.
  SealedText seal(const TailnetId& tailnet, const EndpointId& endpoint, const SecretString& secret) const;
  // Throws std::runtime_error when it does not open: another root key, or a damaged row.
  SecretString open(const TailnetId& tailnet, const EndpointId& endpoint, const SealedText& sealed) const;

  // The secrets that sign at this moment, the present one first.
  std::vector<SecretString> signing_secrets(const WebhookEndpoint& endpoint, TimePoint now) const;

 private:
  crypto::Key256 key_;
};

}  // namespace latchkey::webhooks
