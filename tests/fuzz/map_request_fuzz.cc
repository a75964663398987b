// A map request of a joined device: the parser, then the whole server behind its connection. A stream is read
// up to its first message and then given up, as devices do.
#include "control/messages/map_request.h"
#include "control_fuzz_world.h"

namespace {

using namespace latchkey;

constexpr std::size_t kMaxListed = 1024;

void check_parsed(const control::MapRequest& request) {
  fuzz::require(request.node_key.starts_with("nodekey:") && request.node_key.size() == 8 + 64,
                "a map request names its node key");
  fuzz::require(request.disco_key.empty() || request.disco_key.size() == 9 + 64, "a disco key is one");
  fuzz::require(request.endpoints.size() <= kMaxListed && request.requested_tags.size() <= kMaxListed &&
                    request.routable_ips.size() <= kMaxListed,
                "lists are bounded");
  if (request.host_info.empty()) return;
  boost::json::error_code failed;
  fuzz::require(boost::json::parse(request.host_info, failed).is_object() && !failed,
                "host information is a JSON object");
}

// A plain message has no compression to undo: its length and the text.
std::optional<std::string> first_message(testing::ControlSession& session, std::int32_t id, bool compressed) {
  if (compressed) return session.take_message(id);
  const auto& body = session.stream(id).body;
  return body.size() > 4 ? std::optional(body.substr(4)) : std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto& world = fuzz::control_world();
  const auto body = world.filled(fuzz::text_of(data, size));
  const auto parsed = control::parse_map_request(body);
  if (parsed) {
    check_parsed(*parsed);
  } else {
    fuzz::require(parsed.error().code == ErrorCode::malformed_input, "a bad body is the client's mistake");
  }
  if (!fuzz::is_worth_asking(parsed.ok())) return 0;

  auto& session = world.peer.session();
  const auto id = session.begin("POST", "/machine/map", body);
  std::optional<std::string> message;
  while (!session.stream(id).ended && !message) {
    fuzz::require(world.peer.turn(std::chrono::seconds(20)), "a map request is answered");
    if (parsed && session.stream(id).status == 200) message = first_message(session, id, parsed->compress);
  }
  const auto status = session.stream(id).status;
  fuzz::require(status == 200 || status == 400 || status == 404, "a map request has an answer");
  fuzz::require(parsed.ok() || status == 400, "what cannot be parsed is refused");
  if (message && parsed->compress) {
    boost::json::error_code failed;
    fuzz::require(boost::json::parse(*message, failed).is_object() && !failed, "a map is JSON");
    fuzz::require(message->find(world.keys.node) != std::string::npos, "a map holds the device itself");
  }
  if (!session.stream(id).ended) session.cancel(id);
  world.check_alive();
  return 0;
}
