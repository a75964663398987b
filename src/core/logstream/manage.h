// Reading, setting and removing log streams; external ids for AWS.
#pragma once

#include <string>
#include <string_view>

#include "core/identity/authorize.h"
#include "core/logstream/logstream_store.h"
#include "core/logstream/stream.h"
#include "core/tx.h"
#include "crypto/seal.h"

namespace latchkey::logstream {

using MayRead = identity::Permit<identity::Operation::read_log_streaming>;
using MayWrite = identity::Permit<identity::Operation::write_log_streaming>;

// Of those that no stream names: when one more is made, the oldest is forgotten.
inline constexpr std::int64_t kMaxUnusedExternalIds = 100;

struct NewStream {
  std::string destination;
  Settings settings;
  Secrets secrets;
};

Result<Stream> read_stream(core::Tx& tx, const MayRead& may, LogType type);
// Replaces all of what was there, the secrets too.
Result<Stream> set_stream(core::Tx& tx, const MayWrite& may, LogType type, const NewStream& want,
                          const crypto::Sealer& sealer, TimePoint now);
Result<void> remove_stream(core::Tx& tx, const MayWrite& may, LogType type, TimePoint now);

// A reusable one is given again to whoever asks for a reusable one, until a stream names it.
Result<ExternalId> obtain_external_id(core::Tx& tx, const MayWrite& may, bool reusable, TimePoint now);
// That it is this tailnet's and that the role is well named. Whether the role trusts it, nobody here can find
// out.
Result<ExternalId> check_external_id(core::Tx& tx, const MayWrite& may, std::string_view id,
                                     std::string_view role_arn);

}  // namespace latchkey::logstream
