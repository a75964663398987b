// The chain that makes editing the audit log evident: each record's link is an HMAC over the link before it
// and every member of the record. The key is derived from the root key, so whoever can write only the
// database can neither change, drop nor insert a record unnoticed. What the chain cannot show is that the
// newest records were cut off together with its head; exporting the log covers that.
#pragma once

#include <cstdint>
#include <string>

#include "core/audit/record.h"
#include "crypto/digest.h"

namespace latchkey::audit {

using Link = crypto::Digest;

// The link before the first record of every tailnet.
Link first_link();

// All members in a fixed order, each with its length in front, so that no two records give the same bytes.
// Depends on stored text only; the form never changes.
std::string canonical_bytes(const Record& record, std::int64_t sequence);

Link next_link(const crypto::HmacKey& key, const Link& previous, const Record& record, std::int64_t sequence);

}  // namespace latchkey::audit
