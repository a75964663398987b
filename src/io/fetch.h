// Documents at addresses that somebody else chose: discovery documents, key sets. What bounds and guards the
// requests is said in io/http_client.h.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "io/address_guard.h"
#include "io/awaitable.h"
#include "io/http_client.h"

namespace latchkey::io {

struct FetchRequest {
  std::string url;  // https; http where the settings allow it
  std::size_t most_bytes = 256UL * 1024;
  seconds patience{10};  // from the call to the end of the answer
};

struct FetchedDocument {
  std::string body;
  // From Cache-Control: max-age; 0 when it must not be kept or nothing is said.
  seconds fresh_for{0};
};

struct FetchSettings {
  AddressGuard guard;
  bool allow_http = false;
  std::string ca_file;  // empty: the system's authorities
};

// Any thread. Who waits when it is destroyed is told that the server stops.
class Fetcher {
 public:
  explicit Fetcher(FetchSettings settings);

  // Status 200 only; everything else is an error with the reason for the log.
  awaitable<Result<FetchedDocument>> fetch(FetchRequest request);
  // Any request to such an address, and whatever comes of it.
  awaitable<OutboundAnswer> send(OutboundRequest request) { return client_.send(std::move(request)); }

 private:
  HttpClient client_;
};

}  // namespace latchkey::io
