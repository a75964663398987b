#include "core/webhooks/vault.h"

#include <stdexcept>

#include "crypto/seal.h"

namespace latchkey::webhooks {
namespace {

// Stored secrets depend on it: never changes.
std::string place_of(const TailnetId& tailnet, const EndpointId& endpoint) {
  return "webhook_endpoints/" + tailnet.str() + "/" + endpoint.str();
}

}  // namespace

SealedText WebhookVault::seal(const TailnetId& tailnet, const EndpointId& endpoint,
                              const SecretString& secret) const {
  return crypto::seal(key_, place_of(tailnet, endpoint), secret);
}

SecretString WebhookVault::open(const TailnetId& tailnet, const EndpointId& endpoint,
                                const SealedText& sealed) const {
  auto opened = crypto::open_sealed(key_, place_of(tailnet, endpoint), sealed);
  if (!opened)
    throw std::runtime_error("the secret of webhook endpoint " + endpoint.str() + " does not open");
  return *std::move(opened);
}

std::vector<SecretString> WebhookVault::signing_secrets(const WebhookEndpoint& endpoint,
                                                        TimePoint now) const {
  std::vector<SecretString> secrets;
  secrets.push_back(open(endpoint.tailnet, endpoint.id, endpoint.secrets.present));
  const auto& old = endpoint.secrets.old;
  if (old && now < old->until) secrets.push_back(open(endpoint.tailnet, endpoint.id, old->text));
  return secrets;
}

}  // namespace latchkey::webhooks
