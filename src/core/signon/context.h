// What the use cases of sign-on need beside a transaction. Outlives them.
#pragma once

#include "core/credentials/key_mint.h"
#include "core/signon/keys.h"
#include "core/signon/session.h"
#include "crypto/seal.h"

namespace latchkey::signon {

struct SignOnContext {
  const SignOnKeys& keys;
  const crypto::Sealer& sealer;
  const credentials::KeyMint& mint;  // of invites
  bool allow_http = false;           // providers without TLS: the setting federation.allow_http
  SessionLimits limits;
};

}  // namespace latchkey::signon
