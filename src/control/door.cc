#include "control/door.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/ip_address.h"
#include "base/text.h"
#include "control/connection.h"
#include "control/messages/protocol_key.h"
#include "io/websocket.h"

namespace latchkey::control {
namespace {

constexpr std::string_view kProtocol = "tailscale-control-protocol";
constexpr std::string_view kHandshake = "X-Tailscale-Handshake";

io::Response text_response(int status, std::string_view text) {
  io::Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = text;
  return response;
}

// Nothing when it is absent or malformed.
std::optional<std::string> query_value(const io::Request& request, std::string_view name) {
  for (const auto& pair : split(request.query(), '&')) {
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return percent_decode(pair.substr(equals + 1));
    }
  }
  return std::nullopt;
}

// Ends a connection whose peer has been told why.
class AtOnce final : public io::Takeover {
 public:
  io::awaitable<void> run(io::ByteStream&, std::string) override { co_return; }
  Clock::time_point due() const override { return Clock::time_point::max(); }
  void at_due() override {}
  void stop(bool) override {}
};

}  // namespace

io::Response ControlDoor::key(const io::Request& request) const {
  if (!request.query().starts_with("v=") && request.query().find("&v=") == std::string_view::npos) {
    return text_response(400, "v, the client's capability version, is missing: this client is too old");
  }
  boost::json::object json;
  json["legacyPublicKey"] = std::string(kMachineKey) + std::string(64, '0');
  json["publicKey"] = key_text(kMachineKey, context_.key.public_key);
  io::Response response;
  response.body = boost::json::serialize(json);
  return response;
}

io::Response ControlDoor::upgrade(const io::Request& request, const std::string& address) {
  if (request.method == "GET") {
    if (!io::asks_for_websocket(request)) {
      return text_response(400, "GET is for WebSockets here; other clients POST");
    }
    return io::over_websocket(request, kProtocol, begin(request, query_value(request, kHandshake), address));
  }
  const auto wanted = request.header("Upgrade");
  if (!wanted) {
    return text_response(400,
                         "Upgrade: tailscale-control-protocol is missing; a proxy in front must pass it on");
  }
  if (*wanted != kProtocol) return text_response(400, "Upgrade must be tailscale-control-protocol");
  const auto encoded = request.header(kHandshake);
  return begin(request, encoded ? std::optional(std::string(*encoded)) : std::nullopt, address);
}

io::Response ControlDoor::begin(const io::Request& request, const std::optional<std::string>& encoded,
                                const std::string& address) {
  if (!encoded) return text_response(400, "X-Tailscale-Handshake is missing");
  const auto initiation = from_base64(*encoded);
  if (!initiation) return text_response(400, "X-Tailscale-Handshake is not base64");
  if (!context_.initiations.take(counted_address(address), context_.clock.now()).allowed) {
    context_.handshakes_throttled.add();
    auto response = text_response(429, "too many connections from this address; wait before trying again");
    response.headers.push_back({"Retry-After", "1"});
    return response;
  }

  io::Response response;
  response.status = 101;
  response.content_type.clear();
  response.headers.push_back({"Upgrade", std::string(kProtocol)});
  auto accepted = accept_handshake(context_.key, *initiation);
  if (!accepted) {
    context_.handshakes_refused.add();
    response.body = error_frame(accepted.error().message);
    response.takeover = std::make_shared<AtOnce>();
    return response;
  }
  context_.handshakes.add();
  Machine machine{key_text(kMachineKey, accepted->machine), accepted->version, address, request.id};
  const auto connection = std::make_shared<Connection>(context_, std::move(machine), *std::move(accepted));
  response.body = connection->first_bytes();
  response.takeover = connection;
  return response;
}

}  // namespace latchkey::control
