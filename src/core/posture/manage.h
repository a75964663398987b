// Making, reading, changing and removing posture integrations.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "core/identity/authorize.h"
#include "core/posture/integration.h"
#include "core/tx.h"
#include "crypto/seal.h"

namespace latchkey::posture {

using MayRead = identity::Permit<identity::Operation::read_posture>;
using MayWrite = identity::Permit<identity::Operation::write_posture>;

struct NewIntegration {
  std::string provider;
  Account account;
  SecretString client_secret;
};

// Absent members stay as they are.
struct IntegrationChange {
  std::optional<std::string> provider;  // refused when it is another one
  std::optional<std::string> cloud_id;
  std::optional<std::string> client_id;
  std::optional<std::string> tenant_id;
  std::optional<SecretString> client_secret;
};

std::vector<Integration> list_integrations(core::Tx& tx, const MayRead& may);
Result<Integration> read_integration(core::Tx& tx, const MayRead& may, std::string_view id);

// Conflict when the tailnet has an integration with this provider.
Result<Integration> create_integration(core::Tx& tx, const MayWrite& may, const NewIntegration& want,
                                       const crypto::Sealer& sealer, TimePoint now);
// A change to what is already so, without a secret, writes nothing.
Result<Integration> change_integration(core::Tx& tx, const MayWrite& may, std::string_view id,
                                       const IntegrationChange& change, const crypto::Sealer& sealer,
                                       TimePoint now);
Result<void> remove_integration(core::Tx& tx, const MayWrite& may, std::string_view id, TimePoint now);

}  // namespace latchkey::posture
