// A registration: the parser, then the whole server behind a device's connection. The device always gets an
// answer that it understands, and what is stored keeps to its limits.
#include <boost/json/serialize.hpp>

#include "control/messages/register_message.h"
#include "control_fuzz_world.h"
#include "core/tailnet/address.h"
#include "core/tailnet/device_name.h"
#include "core/tailnet/device_store.h"

namespace {

using namespace latchkey;

constexpr std::size_t kMaxListed = 1024;

bool is_key_or_nothing(const std::string& text, std::string_view prefix) {
  return text.empty() || (text.starts_with(prefix) && text.size() == prefix.size() + 64);
}

void check_parsed(const control::RegisterMessage& message) {
  const auto& request = message.request;
  fuzz::require(!request.node_key.empty() && is_key_or_nothing(request.node_key, "nodekey:"),
                "a registration names its node key");
  fuzz::require(is_key_or_nothing(request.old_node_key, "nodekey:"), "an old node key is one");
  fuzz::require(is_key_or_nothing(request.tailnet_lock_key, "nlpub:"), "a tailnet lock key is one");
  fuzz::require(request.requested_tags.size() <= kMaxListed && request.routable_ips.size() <= kMaxListed,
                "lists are bounded");
  boost::json::error_code failed;
  fuzz::require(boost::json::parse(request.host_info, failed).is_object() && !failed,
                "host information is a JSON object");
}

void check_answer(const testing::ControlSession::Stream& answer, bool parsed) {
  fuzz::require(answer.status == 200 || answer.status == 400 || answer.status == 429,
                "a registration has an answer");
  fuzz::require((answer.status == 400) == !parsed, "what cannot be parsed is refused, and nothing else");
  if (answer.status != 200) return;
  boost::json::error_code failed;
  const auto json = boost::json::parse(answer.body, failed);
  fuzz::require(!failed && json.is_object(), "an answer is JSON");
  const auto& object = json.as_object();
  const auto* error = object.if_contains("Error");
  fuzz::require(!error || !error->as_string().empty(), "a refusal says why");
  fuzz::require(!error || !object.contains("User"), "who is refused is nobody");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto& world = fuzz::control_world();
  const auto body = world.filled(fuzz::text_of(data, size));
  const auto parsed = control::parse_register(body);
  if (parsed) {
    check_parsed(*parsed);
  } else {
    fuzz::require(parsed.error().code == ErrorCode::malformed_input, "a bad body is the client's mistake");
    fuzz::require(utf8_length(parsed.error().message).has_value(), "an error is valid UTF-8");
  }
  if (!fuzz::is_worth_asking(parsed.ok())) return 0;
  const auto& answer = world.peer.ask("POST", "/machine/register", body);
  check_answer(answer, parsed.ok());
  fuzz::require(answer.body.find(world.key) == std::string::npos, "an auth key is never repeated");
  if (!parsed || answer.status != 200) return 0;

  const auto node_key = parsed->request.node_key;
  const auto found =
      world.world.world.db().read_now([&](core::Tx& tx) -> Result<std::optional<tailnet::Device>> {
        return tx.devices().find_by_node_key(node_key);
      });
  if (!*found) return 0;
  const auto& device = **found;
  fuzz::require(device.report.host_info.size() <= 2 * tailnet::kMaxHostInfo, "host information is bounded");
  fuzz::require(device.hostname.size() <= tailnet::kMaxHostname && utf8_length(device.hostname).has_value(),
                "a host name is bounded text");
  fuzz::require(!device.name.empty() && device.name.size() <= tailnet::kMaxDeviceName, "a device has a name");
  fuzz::require(device.advertised_routes.size() <= tailnet::kMaxRoutes, "routes are bounded");
  return 0;
}
