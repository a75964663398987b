// The chain that makes editing the audit log evident: each record's link is an HMAC over the link before it
// and every member of the record, as it is stored. The key is derived from the root key, so whoever can write
// only the database can neither change, drop nor insert a record unnoticed. What the chain cannot show is
// that the newest records were cut off together with its head; exporting the log covers that.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "core/audit/record.h"
#include "crypto/digest.h"

namespace latchkey::audit {

using Link = crypto::Digest;

// The link before the first record of every tailnet.
Link first_link();

// A record as the texts that are stored, in the order of the columns of audit_records after the sequence. The
// chain covers these and not what they mean, so that a reader need not understand a record to check it.
// Adding a member needs a new form beside this one: stored links depend on it.
inline constexpr std::size_t kRecordMembers = 21;
using RecordTexts = std::array<std::optional<std::string>, kRecordMembers>;

RecordTexts texts_of(const Record& record);
// Throws std::invalid_argument for texts that no release has written.
Record record_from(const RecordTexts& texts);

Link next_link(const crypto::HmacKey& key, const Link& previous, const RecordTexts& record,
               std::int64_t sequence);

}  // namespace latchkey::audit
