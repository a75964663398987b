// POST /machine/register: every refusal is a 200 with a text for the person at the machine; clients show
// nothing else, and try again for ever.
#include "control/connection.h"
#include "control/failed_joins.h"
#include "control/handlers.h"
#include "control/messages/register_message.h"
#include "core/audit/audit_store.h"

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
    tx.audit().append(record);
    return {};
  };
  const auto written = co_await context.db.write(std::move(write));
  if (!written) context.log.error("a refused join was not recorded", {{"reason", written.error().message}});
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
  if (registered->needs_login) {
    co_return respond_json(*stream,
                           refused_answer("this server needs an auth key: run tailscale up --auth-key=..."));
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
