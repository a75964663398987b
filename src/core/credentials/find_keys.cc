#include "core/credentials/find_keys.h"

#include <unordered_map>

#include "base/text.h"
#include "core/audit/audit_store.h"
#include "core/credentials/credential_store.h"
#include "core/credentials/manage.h"
#include "core/identity/user_store.h"

namespace latchkey::credentials {
namespace {

using Field = KeyQuery::Field;

bool names_a_person(const KeyQuery::Term& term) {
  return term.field == Field::user || term.field == Field::owner || term.field == Field::creator;
}

// The only value that must fit in this field, if there is one.
const KeyQuery::Term* only(const KeyQuery& query, Field field) {
  const KeyQuery::Term* found = nullptr;
  for (const auto& term : query.terms) {
    if (term.field != field || term.negated) continue;
    if (found != nullptr) return nullptr;
    found = &term;
  }
  return found;
}

CredentialStore::Bounds bounds_of(const KeyQuery& query) {
  CredentialStore::Bounds bounds;
  if (const auto* type = only(query, Field::type)) {
    bounds.type = key_type_from(type->value).value_or(KeyType::api);  // as access tokens are
  }
  for (const auto field : {Field::user, Field::owner, Field::creator}) {
    const auto* person = only(query, field);
    if (person != nullptr && person->user && !person->user->empty()) bounds.person = person->user;
  }
  if (const auto* tag = only(query, Field::tag)) bounds.tag = tag->value;
  bounds.created_since = query.created.since;
  bounds.created_before = query.created.before;
  bounds.used_since = query.used.since;
  bounds.used_before = query.used.before;
  return bounds;
}

Error too_many() {
  return malformed("more than " + std::to_string(kMaxListed) +
                       " keys would have to be looked at: narrow the query by type, person, tag or time",
                   "query");
}

struct Known {
  std::vector<std::string> addresses;
  std::vector<CredentialId> made_with;
};
using Traces = std::unordered_map<CredentialId, Known>;

Result<Traces> traces_of(core::Tx& tx, const TailnetId& tailnet, const KeyQuery& query) {
  Traces traces;
  if (!asks_the_log(query)) return traces;
  auto found = tx.audit().credential_traces(tailnet, kMaxListed + 1);
  if (found.size() > static_cast<std::size_t>(kMaxListed)) return too_many();
  for (auto& trace : found) {
    auto& known = traces[trace.credential];
    if (!trace.address.empty()) known.addresses.push_back(std::move(trace.address));
    known.made_with.insert(known.made_with.end(), trace.made_with.begin(), trace.made_with.end());
  }
  return traces;
}

}  // namespace

Result<KeyQuery> with_people(core::Tx& tx, const TailnetId& tailnet, KeyQuery query) {
  for (auto& term : query.terms) {
    if (!names_a_person(term) || term.user) continue;
    if (is_id_text('u', term.value)) {
      term.user = UserId(term.value);
      continue;
    }
    const auto user = tx.users().find_by_login(tailnet, term.value);
    if (!user) {
      return malformed("nobody here has the login name " + storable(redact_keys(term.value)) +
                           "; of somebody who is gone, give the id",
                       "query");
    }
    term.user = user->id;
  }
  return query;
}

Result<std::vector<Credential>> find_keys(core::Tx& tx, const TailnetId& tailnet, const KeyQuery& query,
                                          TimePoint now) {
  auto keys = tx.credentials().list_within(tailnet, bounds_of(query), now, kMaxListed + 1);
  if (keys.size() > static_cast<std::size_t>(kMaxListed)) return too_many();
  TRY(const auto traces, traces_of(tx, tailnet, query));
  std::erase_if(keys, [&](const Credential& key) {
    KeyFacts facts{key};
    if (const auto known = traces.find(key.id); known != traces.end()) {
      facts.addresses = known->second.addresses;
      facts.made_with = known->second.made_with;
    }
    return !matches(query, facts);
  });
  return keys;
}

}  // namespace latchkey::credentials
