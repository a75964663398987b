#include "io/issuer_keys.h"

#include <algorithm>

#include "io/runtime.h"

namespace latchkey::io {
namespace {

constexpr std::size_t kMostIssuers = 256;
constexpr seconds kLeastFresh{60};
constexpr seconds kMostFresh{3600};
// How long keys serve on when their issuer cannot be reached.
constexpr seconds kMostStale{3600};
constexpr seconds kLookAgain{60};
constexpr seconds kLeaveAlone{10};
constexpr std::chrono::milliseconds kPoll{20};

std::string discovery_address(std::string issuer) {
  while (issuer.ends_with('/')) issuer.pop_back();
  return issuer + "/.well-known/openid-configuration";
}

Result<std::string> key_set_address(const boost::json::object& found, const std::string& issuer) {
  if (federation::text_of(found, "issuer") != issuer)
    return malformed("the discovery document is another issuer's");
  auto address = federation::text_of(found, "jwks_uri");
  if (address.empty()) return malformed("the discovery document has no jwks_uri");
  return address;
}

}  // namespace

awaitable<Result<IssuerKeys::Keys>> IssuerKeys::keys_of(std::string issuer, Keys fresher_than) {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      const auto now = clock_.now();
      auto& entry = entries_[issuer];
      entry.used = now;
      const bool enough = entry.keys && entry.keys != fresher_than;
      if (enough && now < entry.fresh_until) co_return entry.keys;
      if (!entry.under_way) {
        const bool may_ask = entry.keys && entry.failure.empty() ? now >= entry.tried + kLookAgain || enough
                                                                 : now >= entry.tried + kLeaveAlone;
        if (!may_ask && entry.keys && now < entry.fresh_until + kMostStale) co_return entry.keys;
        if (!may_ask) co_return unavailable(entry.failure);
        entry.under_way = true;
        entry.tried = now;
        make_room();
        break;
      }
    }
    co_await sleep_for(kPoll);
  }
  auto got = co_await discover(issuer);
  note(issuer, got);
  const std::lock_guard lock(mutex_);
  const auto& entry = entries_[issuer];
  if (entry.keys && clock_.now() < entry.fresh_until + kMostStale) co_return entry.keys;
  co_return unavailable(entry.failure);
}

awaitable<Result<IssuerKeys::Document>> IssuerKeys::document_of(std::string issuer) {
  CO_TRY(co_await keys_of(issuer));
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(issuer);
  if (entry == entries_.end() || !entry->second.document) co_return unavailable("too many issuers are asked");
  co_return entry->second.document;
}

awaitable<Result<IssuerKeys::Discovered>> IssuerKeys::discover(const std::string& issuer) {
  FetchRequest document_request;
  document_request.url = discovery_address(issuer);
  CO_TRY(const auto text, co_await fetch_(std::move(document_request)));
  CO_TRY(auto document, federation::parse_strict_object(text.body, "the discovery document"));
  CO_TRY(auto address, key_set_address(document, issuer));
  FetchRequest keys_request;
  keys_request.url = std::move(address);
  CO_TRY(auto keys, co_await fetch_(std::move(keys_request)));
  co_return Discovered{std::make_shared<const boost::json::object>(std::move(document)), std::move(keys)};
}

void IssuerKeys::note(const std::string& issuer, const Result<Discovered>& got) {
  auto parsed = got ? federation::parse_key_set(got->keys.body) : Result<federation::KeySet>(got.error());
  const std::lock_guard lock(mutex_);
  auto& entry = entries_[issuer];
  entry.under_way = false;
  if (!parsed) {
    entry.failure = parsed.error().message;
    return;
  }
  entry.failure.clear();
  entry.document = got->document;
  entry.keys = std::make_shared<const federation::KeySet>(*std::move(parsed));
  entry.fetched = clock_.now();
  entry.fresh_until = entry.fetched + std::clamp(got->keys.fresh_for, kLeastFresh, kMostFresh);
}

// The one that was not used for longest goes.
void IssuerKeys::make_room() {
  while (entries_.size() > kMostIssuers) {
    auto oldest = entries_.end();
    for (auto at = entries_.begin(); at != entries_.end(); ++at) {
      if (!at->second.under_way && (oldest == entries_.end() || at->second.used < oldest->second.used))
        oldest = at;
    }
    if (oldest == entries_.end()) return;
    entries_.erase(oldest);
  }
}

}  // namespace latchkey::io
