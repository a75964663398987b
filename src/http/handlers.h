// The handlers, a line each; the files are named after the subjects.
#pragma once

#include "http/context.h"

namespace latchkey::http {

using Answer = io::awaitable<Result<io::Response>>;

// api/keys.cc
Answer list_keys(Context& context, Call& call);
Answer create_key(Context& context, Call& call);
Answer get_key(Context& context, Call& call);
Answer delete_key(Context& context, Call& call);

// api/logging.cc
Answer list_audit_log(Context& context, Call& call);

// api/whoami.cc
Answer who_am_i(Context& context, Call& call);

// console/access_tokens.cc
Answer create_access_token(Context& context, Call& call);

// console/audit.cc
Answer verify_audit_log(Context& context, Call& call);

// local/tailnets.cc
Answer create_tailnet(Context& context, Call& call);

// local/backup.cc
Answer back_up(Context& context, Call& call);

// health.cc
Answer healthz(Context& context, Call& call);
Answer readyz(Context& context, Call& call);

}  // namespace latchkey::http
