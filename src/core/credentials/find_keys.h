// The living keys that a query means.
#pragma once

#include <vector>

#include "core/credentials/key_query.h"
#include "core/tx.h"

namespace latchkey::credentials {

// The same query with the people it names looked up. Refused when one is not there: who is gone is named by
// id.
Result<KeyQuery> with_people(core::Tx& tx, const TailnetId& tailnet, KeyQuery query);

// Newest first; neither revoked, spent nor expired. `query` is as with_people gave it. Refused when more than
// kMaxListed would have to be looked at: a narrower query, by type, person, tag or time, is quicker.
Result<std::vector<Credential>> find_keys(core::Tx& tx, const TailnetId& tailnet, const KeyQuery& query,
                                          TimePoint now);

}  // namespace latchkey::credentials
