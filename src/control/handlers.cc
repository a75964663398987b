#include "control/handlers.h"

#include <algorithm>

#include "control/connection.h"

namespace latchkey::control {
namespace {

io::awaitable<void> who_am_i(ConnectionPtr connection, StreamPtr stream) {
  respond_text(*stream, 200,
               "machine " + connection->machine().key + " from " + connection->machine().address);
  co_return;
}

// Old clients report their health; nothing here needs it.
io::awaitable<void> take_note(ConnectionPtr, StreamPtr stream) {
  respond_text(*stream, 204, {});
  co_return;
}

io::awaitable<void> no_such_feature(ConnectionPtr, StreamPtr stream) {
  respond_json(
      *stream,
      R"({"Complete":false,"Text":"this feature is not available on this server","ShouldWait":false})");
  co_return;
}

// 501 and not 503: clients repeat what may work later.
io::awaitable<void> not_offered(ConnectionPtr, StreamPtr stream) {
  respond_text(*stream, 501, "not offered by this server");
  co_return;
}

constexpr ControlRoute kRoutes[] = {
    {"POST", "/machine/register", register_machine},
    {"POST", "/machine/map", poll_map},
    {"GET", "/machine/whoami", who_am_i},
    {"POST", "/machine/update-health", take_note},
    {"POST", "/machine/feature/query", no_such_feature},
    {"POST", "/machine/set-dns", not_offered},
    {"POST", "/machine/id-token", not_offered},
    {"POST", "/machine/audit-log", not_offered},
    {"PATCH", "/machine/set-device-attr", not_offered},
    {"GET", "/machine/ssh/", not_offered},
    {"POST", "/machine/webclient/", not_offered},
    {"GET", "/machine/tka/", not_offered},
    {"POST", "/machine/tka/", not_offered},
};

}  // namespace

std::span<const ControlRoute> control_routes() {
  return kRoutes;
}

io::awaitable<void> answer(ConnectionPtr connection, StreamPtr stream) {
  const auto& request = stream->request();
  const auto path = request.path();
  const auto matches = [&](const ControlRoute& route) {
    return route.method == request.method &&
           (route.path.ends_with('/') ? path.starts_with(route.path) : path == route.path);
  };
  const auto* route = std::ranges::find_if(kRoutes, matches);
  if (route == std::end(kRoutes)) {
    respond_text(*stream, 404, "not found");
    co_return;
  }
  auto handling = route->handler(connection, stream);
  co_await std::move(handling);
}

void respond_text(io::Http2Stream& stream, int status, std::string_view text) {
  io::Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = text;
  stream.respond(response);
}

void respond_json(io::Http2Stream& stream, std::string json) {
  io::Response response;
  response.body = std::move(json);
  stream.respond(response);
}

}  // namespace latchkey::control
