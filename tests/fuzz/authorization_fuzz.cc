// Authorization headers: one line of the input is one header's value. Only the true token makes a caller.
#include <cstdint>

#include "fuzz_world.h"
#include "http/authenticator.h"

namespace {

using namespace latchkey;

// Read again here, in another way than the product does.
bool presents(std::string_view value, const std::string& token) {
  const auto space = value.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string scheme = to_lower(value.substr(0, space));
  const std::string_view rest = value.substr(space + 1);
  if (scheme == "bearer") return rest == token;
  if (scheme != "basic") return false;
  const auto pair = from_base64(rest);
  return pair && (*pair == token || pair->starts_with(token + ":"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto& world = fuzz::world();
  io::Request request;
  request.method = "GET";
  request.target = "/api/v2/whoami";
  request.peer.address = "192.0.2.7";
  const std::string text = world.filled(fuzz::text_of(data, size));
  for (const auto line : split(text, '\n')) request.headers.push_back({"Authorization", std::string(line)});

  // As long-lived as the process; its cache and database are the current world's.
  static testing::ApiWorld* built_over = nullptr;
  static std::unique_ptr<Metrics> metrics;
  static std::unique_ptr<http::FailureGuard> guard;
  static std::unique_ptr<http::Authenticator> authenticator;
  if (built_over != &world.api) {
    built_over = &world.api;
    metrics = std::make_unique<Metrics>();
    guard = std::make_unique<http::FailureGuard>(http::GuardSettings{});
    authenticator =
        std::make_unique<http::Authenticator>(world.api.world.db(), world.api.world.mint(), world.api.cache(),
                                              *guard, *metrics, [] { return true; });
  }
  const auto caller =
      fuzz::run(authenticator->authenticate(request, request.peer.address, world.api.clock.now()));
  const bool genuine = request.headers.size() == 1 && presents(request.headers.front().value, world.token);
  fuzz::require(caller.ok() == genuine, "a caller is made by the true token and by nothing else");
  if (!caller) {
    const Error error = caller.error();
    fuzz::require(error.code == ErrorCode::unauthenticated || error.code == ErrorCode::malformed_input ||
                      error.code == ErrorCode::rate_limited,
                  "a wrong secret is refused as one");
    fuzz::require(!error.message.empty() && error.message.find(world.token) == std::string::npos,
                  "a refusal has a text, without the secret");
  }
  return 0;
}
