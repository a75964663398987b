// POST /machine/map: the long poll, the update that a device sends of itself, and the single fetch of tools.
#include "base/release.h"
#include "control/connection.h"
#include "control/handlers.h"
#include "control/map/map_message.h"
#include "control/messages/map_request.h"
#include "core/join/session.h"
#include "core/tailnet/device_store.h"

namespace latchkey::control {
namespace {

constexpr int kLeastCapabilityVersion = 113;

struct Found {
  tailnet::Device device;
  bool changed = false;
};

join::StatusReport status_of(const MapRequest& request, const Machine& machine) {
  join::StatusReport status;
  status.disco_key = request.disco_key;
  status.endpoints = request.endpoints;
  if (!request.host_info.empty()) {
    status.host = {request.host_info, request.hostname, request.routable_ips};
  }
  status.capability_version = machine.capability_version;
  status.forwarding_off = request.forwarding_off;
  return status;
}

// A stream may overtake the update that was sent before it, so it tells only what nothing is known of yet.
join::StatusReport first_status_of(const MapRequest& request, const Machine& machine,
                                   const tailnet::Device& device) {
  auto status = status_of(request, machine);
  status.endpoints.reset();
  if (!device.report.disco_key.empty()) status.disco_key.clear();
  if (device.report.host_info != "{}") status.host.reset();
  return status;
}

Result<Found> find_and_report(core::Tx& tx, const MapRequest& request, const Machine& machine,
                              const join::JoinContext& context, const audit::Source& source, TimePoint now) {
  TRY(auto device, join::device_of(tx, machine.key, request.node_key));
  if (request.read_only) return Found{std::move(device), false};
  const auto status =
      request.stream ? first_status_of(request, machine, device) : status_of(request, machine);
  TRY(auto reported, join::report(tx, device, status, context, source, now));
  return Found{std::move(reported.device), reported.changed};
}

int status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::malformed_input:
      return 400;
    case ErrorCode::unavailable:
      return 503;
    default:
      return 404;
  }
}

// The tailnet's view with the device in it: this replica may not have heard of it yet.
io::awaitable<ViewPtr> view_with(MapHub& hub, const tailnet::Device& device) {
  auto first = hub.view(device.tailnet);
  auto view = co_await std::move(first);
  const auto* known = view ? view->find(device.id) : nullptr;
  if (view && (!known || known->device.node_key != device.node_key)) {
    hub.mark(device.tailnet, device.id);
    auto again = hub.view(device.tailnet);
    view = co_await std::move(again);
  }
  co_return view;
}

}  // namespace

io::awaitable<void> poll_map(ConnectionPtr connection, StreamPtr stream) {
  auto& context = connection->context();
  const auto& machine = connection->machine();
  auto parsed = parse_map_request(stream->request().body);
  release(stream->request().body);
  if (!parsed) co_return respond_text(*stream, 400, parsed.error().message);
  if (machine.capability_version < kLeastCapabilityVersion) {
    co_return respond_text(*stream, 400, "this client is too old: Tailscale 1.80 or newer is needed");
  }
  const auto request = std::make_shared<const MapRequest>(*std::move(parsed));
  audit::Source source;
  source.origin = audit::Origin::control;
  source.address = machine.address;
  auto work = [request, &machine, &join = context.join, source, now = context.clock.now()](core::Tx& tx) {
    return find_and_report(tx, *request, machine, join, source, now);
  };
  const auto found = co_await context.db.write(std::move(work));
  // The client may have gone on meanwhile, and what it says next is newer.
  if (!stream->is_open()) co_return;
  if (!found) co_return respond_text(*stream, status_of(found.error()), found.error().message);
  if (!request->stream && request->omit_peers) {
    io::Response done;
    done.content_type.clear();
    co_return stream->respond(done);
  }

  auto viewing = view_with(context.hub, found->device);
  const auto view = co_await std::move(viewing);
  const auto* self = view ? view->find(found->device.id) : nullptr;
  if (!self) co_return respond_text(*stream, 404, "node not found");
  if (!stream->is_open()) co_return;
  if (!request->stream) {
    stream->begin(200, "application/octet-stream");
    stream->push(
        make_frame(whole_map(*view, *self, *context.hub.derp_map(), context.clock.now()), request->compress));
    co_return stream->finish();
  }
  const auto map_stream = std::make_shared<MapStream>(context.hub, stream, found->device.id,
                                                      request->node_key, request->compress);
  map_stream->start(view, connection->executor());
  connection->add_map_stream(map_stream);
}

}  // namespace latchkey::control
