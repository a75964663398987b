// POST /machine/register: every refusal is a 200 with a text for the person at the machine; clients show
// nothing else, and try again for ever.
#include "control/connection.h"
#include "control/failed_joins.h"
#include "control/handlers.h"
#include "control/messages/register_message.h"
#include "core/audit/audit_store.h"
#include "core/join/pending_login.h"

namespace latchkey::control {
namespace {

// Tailscale 1.80. Older clients need answers in forms that have gone out of use.
constexpr int kLeastCapabilityVersion = 113;
// From this one on clients obey 429 with Retry-After here.
constexpr int kUnderstandsTooMany = 137;

audit::Source source_of(const Connection& connection, const io::Request& request) {
  audit::Source source;
  source.origin = audit::Origin::control;
  source.address = connection.machine().address;
  source.user_agent = "capability version " + std::to_string(connection.machine().capability_version);
  source.request_id = request.id.empty() ? connection.machine().request_id : request.id;
  return source;
}

struct Outcome {
  Result<join::Registered> registered;
  std::optional<audit::Record> refusal;
};

// What a person reads who cannot be told more.
std::string reason_of(const Error& error) {
  if (error.code == ErrorCode::unavailable) return "the server is busy; this device will try again";
  if (error.code == ErrorCode::internal) return "the server failed; this device will try again";
  return error.message;
}

io::awaitable<void> record_refusal(ControlContext& context, audit::Record record) {
  auto write = [record = std::move(record)](core::Tx& tx) -> Result<void> {
    join::record_refused_join(tx, record);
    return {};
  };
  const auto written = co_await context.db.write(std::move(write));
  if (!written) context.log.error("a refused join was not recorded", {{"reason", written.error().message}});
}

constexpr std::string_view kLoginPath = "/register/";

std::string login_id_in(std::string_view address) {
  const auto path = address.rfind(kLoginPath);
  return path == std::string_view::npos ? std::string()
                                        : std::string(address.substr(path + kLoginPath.size()));
}

// Where a person completes a login: the server as its settings name it, else as the device does.
std::string login_address(const ControlContext& context, const io::Request& request, const std::string& id) {
  std::string server = context.public_url;
  while (server.ends_with('/')) server.pop_back();
  if (server.empty()) server = context.scheme + "://" + std::string(request.header("Host").value_or(""));
  return server + std::string(kLoginPath) + id;
}

// Nothing is answered until it is decided: clients take any answer for the decision.
io::awaitable<void> wait_for_login(ConnectionPtr connection, StreamPtr stream, std::string id,
                                   std::string node_key) {
  auto& context = connection->context();
  const auto wait = context.login_waits.enter(id, connection->executor());
  connection->add_login_wait(wait);
  stream->on_close([waiting = std::weak_ptr(wait)] {
    if (const auto woken = waiting.lock()) woken->end();
  });
  auto read = [id, now = context.clock.now()](core::Tx& tx) -> Result<std::optional<join::PendingLogin>> {
    return join::find_login(tx, id, now);
  };
  const auto found = co_await context.db.read(std::move(read));
  if (!found || !*found || connection->is_stopping() || !stream->is_open()) co_return;
  const auto& login = **found;
  if (login.request.machine_key != connection->machine().key || login.request.node_key != node_key) co_return;
  const auto left = std::chrono::ceil<milliseconds>(login.expires - context.clock.now());
  co_await wait->wait(std::max(left, milliseconds(1)));
}

}  // namespace

io::awaitable<void> register_machine(ConnectionPtr connection, StreamPtr stream) {
  auto& context = connection->context();
  const auto& machine = connection->machine();
  auto parsed = parse_register(stream->request().body);
  wipe(stream->request().body.data(), stream->request().body.size());
  if (!parsed) co_return respond_text(*stream, 400, parsed.error().message);
  auto& message = *parsed;
  if (machine.capability_version < kLeastCapabilityVersion) {
    co_return respond_json(*stream, refused_answer("this Tailscale client (capability version " +
                                                   std::to_string(machine.capability_version) +
                                                   ") is too old: this server needs 1.80 or newer"));
  }
  auto& failures = context.failed_joins;
  if (const auto wait = failures.wait_of(machine.key, context.clock.now())) {
    if (machine.capability_version >= kUnderstandsTooMany) {
      io::Response response;
      response.status = 429;
      response.headers.push_back({"Retry-After", std::to_string(wait->seconds.count())});
      response.body = "too many refused registrations";
      response.content_type = "text/plain";
      co_return stream->respond(response);
    }
    co_return respond_json(*stream, refused_answer(wait->reason));
  }

  if (!message.followup.empty() && message.request.auth_key.expose().empty()) {
    auto waiting =
        wait_for_login(connection, stream, login_id_in(message.followup), message.request.node_key);
    co_await std::move(waiting);
    if (!stream->is_open()) co_return;
    if (connection->is_stopping()) co_return respond_text(*stream, 503, "the server stops; ask again");
  }

  auto request = std::make_shared<join::RegisterRequest>(std::move(message.request));
  request->machine_key = machine.key;
  request->source = source_of(*connection, stream->request());
  auto work = [request, &join = context.join, now = context.clock.now()](core::Tx& tx) {
    return join::register_device(tx, *request, join, now);
  };
  const auto registered = co_await context.db.write(std::move(work));
  if (!registered) {
    const auto refusal = registered.error();
    context.log.info("join refused", {{"machine", machine.key},
                                      {"address", machine.address},
                                      {"hostname", request->hostname},
                                      {"reason", refusal.message}});
    context.joins_refused.add();
    if (failures.note(machine.key, reason_of(refusal), context.clock.now()) == FailedJoins::Note::record) {
      auto read = [request, refusal, &join = context.join,
                   now = context.clock.now()](core::Tx& tx) -> Result<std::optional<audit::Record>> {
        return join::record_of_refusal(tx, *request, join, refusal, now);
      };
      auto record = co_await context.db.read(std::move(read));
      if (record && *record) {
        auto recording = record_refusal(context, **std::move(record));
        co_await std::move(recording);
      }
    }
    co_return respond_json(*stream, refused_answer(reason_of(refusal)));
  }
  if (registered->node_key_expired) co_return respond_json(*stream, node_key_expired_answer());
  if (!registered->pending_login.empty()) {
    const auto address = login_address(context, stream->request(), registered->pending_login);
    context.log.info(
        "a device waits for a person to log it in",
        {{"machine", machine.key}, {"address", machine.address}, {"hostname", request->hostname}});
    co_return respond_json(*stream, login_answer(address));
  }
  failures.forget(machine.key);
  const auto& device = *registered->device;
  context.joins.add();
  context.log.info("device registered", {{"device", device.id.str()},
                                         {"name", device.name},
                                         {"tailnet", device.tailnet.str()},
                                         {"address", machine.address}});
  respond_json(*stream, accepted_answer(*registered, device.authorized));
}

}  // namespace latchkey::control
