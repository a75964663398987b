// One-time links: the way in that needs no provider, for who administers the machine. Made on the local
// socket, good for ten minutes, used once, and only by a press on the page that it opens, so that programs
// which look at links do not use it up.
#pragma once

#include "core/signon/sessions.h"

namespace latchkey::signon {

using MayCreateLoginLink = identity::Permit<identity::Operation::create_login_link>;

inline constexpr minutes kLoginLinkLife{10};

struct MadeLoginLink {
  SecretString text;
  std::string login_name;
  TimePoint expires{};
};

// For the person as whom the caller acts. In place of links of theirs that were not used.
Result<MadeLoginLink> create_login_link(core::Tx& tx, const MayCreateLoginLink& may,
                                        const SignOnContext& context, TimePoint now);

// Nothing when it is none, was used, or is too old; or when the person may not sign in.
Result<std::optional<StartedSession>> use_login_link(core::Tx& tx, std::string_view text,
                                                     const std::optional<crypto::Digest>& previous,
                                                     const audit::Source& source,
                                                     const SignOnContext& context, TimePoint now);

}  // namespace latchkey::signon
