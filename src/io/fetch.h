// Outgoing HTTP requests to addresses that somebody else chose: discovery documents, key sets. Bounded in
// time, waiting included, in size and number; no redirect is followed, no proxy of the environment used, and
// no address reached that the guard forbids.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/address_guard.h"
#include "io/awaitable.h"

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

// Any thread. Stops what runs when it is destroyed.
class Fetcher {
 public:
  explicit Fetcher(FetchSettings settings);
  ~Fetcher();
  Fetcher(const Fetcher&) = delete;

  // Status 200 only; everything else is an error with the reason for the log.
  awaitable<Result<FetchedDocument>> fetch(FetchRequest request);

 private:
  using Done = std::function<void(Result<FetchedDocument>)>;
  struct Job {
    FetchRequest request;
    Done done;
    std::chrono::steady_clock::time_point deadline;
  };
  void submit(Job job);
  void work(const std::stop_token& stop);
  Result<FetchedDocument> perform(const Job& job, const std::stop_token& stop) const;

  const FetchSettings settings_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Job> jobs_;
  std::vector<std::jthread> threads_;
};

}  // namespace latchkey::io
