// Redeeming an auth key: what a joining device does with it.
#pragma once

#include <string>

#include "core/audit/record.h"
#include "core/credentials/credential.h"
#include "core/credentials/credential_store.h"
#include "core/credentials/key_mint.h"
#include "core/tx.h"

namespace latchkey::credentials {

// How long a machine whose answer was lost may repeat its join without a second use. Short, so that a used
// key in a machine's start-up script does not let it back in after somebody removed the device.
inline constexpr minutes kRetryWindow{10};

struct JoinRequest {
  SecretString key_text;
  std::string machine;  // the device's machine key: the same machine retrying burns no second use
  std::string hostname;
  audit::Actor device;  // for the audit record
  audit::Source source;
  std::string group_id = {};  // of the act that the use is a part of; empty: a group of its own
  // Whether this may be a retry. False when the server knows that it is none: the answer did arrive, or what
  // the first join made is gone.
  bool may_be_retry = true;
};

// The auth key that a text names, once the secret in it was compared, whatever its state. Space around the
// text is cut off.
Result<OwnedCredential> recognise(core::Tx& tx, const SecretString& key_text, const KeyMint& mint);

// Whether the key would be accepted now: not ended, its owner there and active. Says why not.
Result<void> check_usable(const OwnedCredential& key, TimePoint now);

// The key with its grant, after the use was counted. Refusals begin with upstream's texts, which people
// search for, and name the reason only to who holds the true secret:
//   malformed        "invalid key: invalid API token"
//   unauthenticated  "invalid key: API key does not exist", "invalid key: API key <id> not valid (...)"
// Of any number of simultaneous calls with one one-off key, exactly one succeeds.
Result<Credential> redeem(core::Tx& tx, const JoinRequest& request, const KeyMint& mint, TimePoint now);
// The same for a key that was recognised in this transaction; the key text is not looked at again.
Result<Credential> redeem(core::Tx& tx, const OwnedCredential& recognised, const JoinRequest& request,
                          TimePoint now);

}  // namespace latchkey::credentials
