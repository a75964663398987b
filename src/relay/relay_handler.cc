#include "relay/relay_handler.h"

#include <algorithm>

#include "base/text.h"
#include "io/websocket.h"

namespace latchkey::relay {
namespace {

constexpr std::size_t kMostChallenge = 64;

io::Response refusal(int status, std::string message) {
  io::Response response;
  response.status = status;
  response.body = R"({"message":")" + message + R"("})";
  return response;
}

io::Response method_refusal() {
  auto response = refusal(405, "only GET is answered here");
  response.headers.push_back({"Allow", "GET, HEAD"});
  return response;
}

io::Response switch_to_derp(Relay& relay, const io::Request& request) {
  if (request.method != "GET") return method_refusal();
  const auto upgrade = request.header("Upgrade");
  const bool websocket = io::asks_for_websocket(request);
  if (!websocket && (!upgrade || !equals_ignore_case(trim(*upgrade), "derp"))) {
    auto response = refusal(426, "DERP needs a connection upgrade");
    response.headers.push_back({"Upgrade", "DERP"});
    return response;
  }
  // Clients skip the answer only where the certificate told them to.
  if (request.header("Derp-Fast-Start") == "1") return refusal(400, "this relay offers no fast start");
  io::Response response;
  response.status = 101;
  response.content_type.clear();
  response.headers = {
      {"Upgrade", "DERP"}, {"Derp-Version", "2"}, {"Derp-Public-Key", to_hex(relay.public_key())}};
  response.body = relay.greeting();
  response.takeover = relay.connect(request.peer.address);
  // For clients in a browser.
  return websocket ? io::over_websocket(request, "derp", std::move(response)) : response;
}

// For measuring latency where UDP is blocked.
io::Response probe() {
  io::Response response;
  response.content_type.clear();
  response.headers.push_back({"Access-Control-Allow-Origin", "*"});
  return response;
}

bool is_challenge(std::string_view text) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_:").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kMostChallenge && std::ranges::all_of(text, allowed);
}

// A captive portal does not know how to answer the challenge.
io::Response no_content(const io::Request& request) {
  io::Response response;
  response.status = 204;
  response.headers.push_back(
      {"Cache-Control", "no-cache, no-store, must-revalidate, no-transform, max-age=0"});
  const auto challenge = request.header("X-Tailscale-Challenge");
  if (challenge && is_challenge(*challenge)) {
    response.headers.push_back({"X-Tailscale-Response", "response " + std::string(*challenge)});
  }
  return response;
}

io::Response answer(Relay& relay, const io::Request& request) {
  const auto path = request.path();
  if (path == "/derp") return switch_to_derp(relay, request);
  const bool is_probe = path == "/derp/probe" || path == "/derp/latency-check";
  if (!is_probe && path != "/generate_204") return refusal(404, "this is a DERP relay");
  if (request.method != "GET" && request.method != "HEAD") return method_refusal();
  return is_probe ? probe() : no_content(request);
}

io::awaitable<io::Response> respond(io::Response response) {
  co_return response;
}

}  // namespace

io::Handler relay_handler(Relay& relay) {
  return [&relay](io::Request& request) { return respond(answer(relay, request)); };
}

}  // namespace latchkey::relay
