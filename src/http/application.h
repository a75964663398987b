// Every request's way: route, authenticate, check the tailnet and the rate, call the handler, turn an error
// into an answer, record a refusal, count and log. Socket handling is below (io), meaning above (handlers).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/token_buckets.h"
#include "core/credentials/credential_cache.h"
#include "http/authenticator.h"
#include "http/client_address.h"
#include "http/context.h"
#include "http/failure_guard.h"
#include "http/router.h"
#include "http/session_reader.h"
#include "http/sign_on_guard.h"

namespace latchkey::http {

struct ApplicationSettings {
  std::string path_prefix;
  std::vector<AddressBlock> trusted_proxies;
  GuardSettings guard;
  SignOnGuardSettings sign_on_guard;
  // Changes that one credential may ask for: sustained, and at once. Reads are not limited.
  double writes_per_second = 10'000;
  double write_burst = 60'000;
  std::size_t limited_callers = 65'536;
};

class Application {
 public:
  // All arguments outlive the application.
  Application(Context& context, const credentials::KeyMint& mint, credentials::CredentialCache& cache,
              ApplicationSettings settings, Metrics& metrics);

  // For listeners that anybody may reach, and for the local socket.
  io::Handler public_handler();
  io::Handler local_handler();

 private:
  enum class Door { public_, local };

  io::awaitable<io::Response> answer(io::Request& request, Door door);
  io::awaitable<Result<io::Response>> dispatch(const io::Request& request, Door door, const Match& match,
                                               Call& call);
  io::awaitable<Result<void>> admit(const io::Request& request, Door door, const Route& route, Call& call);
  io::awaitable<Result<void>> identify(const io::Request& request, Door door, Call& call);
  io::awaitable<Result<void>> identify_provider(const io::Request& request, Call& call);
  io::awaitable<Result<void>> check_tailnet(const Call& call);
  io::awaitable<void> record_refusal(const Call& call, const Match& match, const Error& error);

  Context& context_;
  ApplicationSettings settings_;
  Router router_;
  FailureGuard guard_;
  Authenticator authenticator_;
  SignOnGuard sign_on_guard_;
  SessionReader sessions_;
  TokenBuckets write_rate_;
  Counter& refusals_unrecorded_;
};

}  // namespace latchkey::http
