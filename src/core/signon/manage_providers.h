// Making, reading, changing and removing providers. One of another tailnet is answered like none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/identity/authorize.h"
#include "core/signon/context.h"
#include "core/signon/provider.h"
#include "core/tx.h"

namespace latchkey::signon {

using MayReadSignOn = identity::Permit<identity::Operation::read_sign_on>;
using MayWriteSignOn = identity::Permit<identity::Operation::write_sign_on>;

struct NewProvider {
  std::string id;
  ProviderSettings settings;
  SecretString client_secret;
};

// Absent members stay as they are. The issuer cannot be changed: identities are its.
struct ProviderChange {
  std::optional<std::string> name;
  std::optional<std::string> client_id;
  std::optional<SecretString> client_secret;
  std::optional<LoginClaim> login_claim;
  std::optional<bool> login_is_verified;
  std::optional<std::vector<std::string>> domains;
  std::optional<std::vector<std::string>> scopes;
  std::optional<std::string> groups_claim;
  std::optional<std::vector<std::string>> allowed_groups;
  std::optional<bool> enabled;
};

std::vector<Provider> list_providers(core::Tx& tx, const MayReadSignOn& may);
Result<Provider> read_provider(core::Tx& tx, const MayReadSignOn& may, std::string_view id);

// Whether it is well-formed, before anybody asks the provider; its domains are folded. malformed names the
// member.
Result<void> check_new_provider(NewProvider& want, const SignOnContext& context);
// Checks it so too. conflict: the id or the issuer is taken, or kMaxProviders are there.
Result<Provider> create_provider(core::Tx& tx, const MayWriteSignOn& may, NewProvider want,
                                 const SignOnContext& context, TimePoint now);
// Sessions that it began end, unless only its name changes: they were let in under other rules. A change to
// what is already so, without a secret, writes nothing.
Result<Provider> change_provider(core::Tx& tx, const MayWriteSignOn& may, std::string_view id,
                                 const ProviderChange& change, const SignOnContext& context, TimePoint now);
// With its logins under way and its sessions. Links stay: an identity is the issuer's.
Result<void> remove_provider(core::Tx& tx, const MayWriteSignOn& may, std::string_view id, TimePoint now);

// The secret for a request to the provider. Throws when it does not open: another root key, a damaged row.
SecretString client_secret_of(const Provider& provider, const SignOnContext& context);

}  // namespace latchkey::signon
