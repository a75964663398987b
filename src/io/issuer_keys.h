// The key sets of token issuers, found by OpenID Connect Discovery 1.0 and kept for a while.
//
// At most one request for an issuer is under way; those who come meanwhile wait for it. A key that is not
// known is looked for once a minute at most, and an issuer that does not answer is left alone for ten
// seconds, so that nobody makes this server knock at another's door. Any thread.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "core/federation/key_set.h"
#include "io/fetch.h"

namespace latchkey::io {

class IssuerKeys {
 public:
  using Keys = std::shared_ptr<const federation::KeySet>;
  using Fetch = std::function<awaitable<Result<FetchedDocument>>(FetchRequest)>;

  IssuerKeys(Fetch fetch, const Clock& clock) : fetch_(std::move(fetch)), clock_(clock) {}

  // The issuer's keys; `fresher_than` those that were not enough. The same ones again when no newer can be
  // had.
  awaitable<Result<Keys>> keys_of(std::string issuer, Keys fresher_than = nullptr);
  // The discovery document that they were found by.
  using Document = std::shared_ptr<const boost::json::object>;
  awaitable<Result<Document>> document_of(std::string issuer);

 private:
  struct Entry {
    Document document;
    Keys keys;
    TimePoint fetched{};
    TimePoint fresh_until{};
    TimePoint tried{};
    std::string failure;  // of the last try; empty when it succeeded
    bool under_way = false;
    TimePoint used{};
  };

  struct Discovered {
    Document document;
    FetchedDocument keys;
  };
  awaitable<Result<Discovered>> discover(const std::string& issuer);
  void note(const std::string& issuer, const Result<Discovered>& got);
  void make_room();

  const Fetch fetch_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace latchkey::io
