#include "testing/api_world.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json.hpp>
#include <optional>

#include "crypto/random.h"

namespace latchkey::testing {

ApiWorld::ApiWorld(http::ApplicationSettings settings)
    : loop_(std::make_unique<boost::asio::io_context>(1)),
      issuer_keys_(
          [this](io::FetchRequest request) -> io::awaitable<Result<io::FetchedDocument>> {
            ++fetches;
            const auto found = elsewhere.find(request.url);
            if (found == elsewhere.end()) co_return unavailable("nobody answers");
            co_return found->second;
          },
          clock),
      context_{world.db(),
               clock,
               {world.mint(), {}},
               {world.mint(), vault_},
               quiet_log(),
               [](std::string) -> io::awaitable<Result<void>> { co_return Result<void>(); },
               [this] { return cache_is_current; },
               [] { return Result<void>(); },
               {},
               &issuer_keys_,
               &world.sealer(),
               "http://localhost:8080",
               {&sign_on_rules_,
                [this](io::OutboundRequest request) -> io::awaitable<io::OutboundAnswer> {
                  if (!provider) co_return io::OutboundAnswer{.error = "nobody answers"};
                  co_return provider(request);
                }}},
      application_(context_, world.mint(), cache_, std::move(settings), metrics_) {
  world.db().set_commit_hook([this](std::span<const audit::Change> changes) { cache_.apply(changes); });
}

std::string ApiWorld::token(identity::Role role) {
  // Through the use case as the owner would, then handed to the user: also roles that may not make one can
  // have one, from before their role was lowered.
  const auto before = world.user(role).role;
  world.set_role(role, identity::Role::owner == role ? role : identity::Role::admin);
  auto issued = world.issue_api_token(role);
  world.set_role(role, before);
  return issued->text.expose();
}

io::Response ApiWorld::call(const std::string& method, const std::string& target, const std::string& token,
                            CallOptions options) {
  io::Request request;
  request.method = method;
  request.target = target;
  request.headers = std::move(options.headers);
  if (!token.empty()) request.headers.push_back({"Authorization", "Bearer " + token});
  request.body = std::move(options.body);
  request.peer.address = options.address;
  return run(application_.public_handler(), std::move(request));
}

io::Response ApiWorld::call_locally(const std::string& method, const std::string& target,
                                    CallOptions options) {
  io::Request request;
  request.method = method;
  request.target = target;
  request.headers = std::move(options.headers);
  request.body = std::move(options.body);
  request.peer.local_socket = true;
  return run(application_.local_handler(), std::move(request));
}

io::Response ApiWorld::run(const io::Handler& handler, io::Request request) {
  request.id = crypto::random_hex(8);
  loop_->restart();
  std::optional<io::Response> response;
  std::exception_ptr failure;
  boost::asio::co_spawn(*loop_, handler(request), [&](std::exception_ptr thrown, io::Response answer) {
    failure = thrown;
    response = std::move(answer);
  });
  loop_->run();
  if (failure) std::rethrow_exception(failure);
  return *std::move(response);
}

boost::json::value json_of(const io::Response& response) {
  return boost::json::parse(response.body);
}

std::string message_of(const io::Response& response) {
  boost::json::error_code failed;
  const auto value = boost::json::parse(response.body, failed);
  const auto* object = value.if_object();
  if (failed || object == nullptr || !object->contains("message")) return {};
  return std::string(object->at("message").as_string());
}

}  // namespace latchkey::testing
