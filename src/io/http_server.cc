#include "io/http_server.h"

#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>

#include "io/runtime.h"
#include "io/server_core.h"
#include "io/server_services.h"
#include "io/session.h"

namespace latchkey::io {
namespace {

namespace asio = boost::asio;

// For what ends at once when asked: more time would not help.
constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(5);

// The mark ends with the completion, after which nothing refers to the signal any more.
void spawn_service(const std::shared_ptr<ServerCore>& core, Tally& tally, asio::io_context& context,
                   awaitable<void> service, asio::cancellation_signal& signal) {
  auto ended = [core, mark = Tally::Mark(tally)](const std::exception_ptr& failure) {
    if (!failure || core->stopping) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      core->log.error("part of the HTTP server ended", {{"error", error.what()}});
    }
  };
  asio::co_spawn(context, std::move(service), asio::bind_cancellation_slot(signal.slot(), std::move(ended)));
}

void emit_on(const std::shared_ptr<ServerCore>& core, asio::io_context& context,
             asio::cancellation_signal& signal) {
  asio::post(context, [core, &signal] { signal.emit(asio::cancellation_type::terminal); });
}

template <auto Method>
void for_each_session(const std::shared_ptr<ServerCore>& core) {
  for (auto& shard : core->shards) {
    auto visit = [core, &sessions = shard->sessions] {
      for (auto& session : sessions) (session.*Method)();
    };
    asio::post(shard->context, visit);
  }
}

}  // namespace

struct HttpServer::State {
  Runtime& runtime;
  std::shared_ptr<ServerCore> core;
  bool started = false;

  Listener& add(FileDescriptor socket, Handler handler) {
    if (started) throw std::logic_error("a listener was added to a server that has started");
    auto listener = std::make_unique<Listener>();
    listener->socket = std::move(socket);
    listener->handler = std::move(handler);
    listener->accepts_on = core->shards[core->listeners.size() % core->shards.size()].get();
    core->listeners.push_back(std::move(listener));
    return *core->listeners.back();
  }

  void stop_running() {
    for (auto& listener : core->listeners)
      emit_on(core, listener->accepts_on->context, listener->stop_accepting);
    core->acceptors.wait_for_none(kPatience);
    for_each_session<&Session::close_if_idle>(core);
    if (!core->sessions.wait_for_none(core->settings.stop_timeout)) {
      core->log.warn("requests did not end in time and are cut off",
                     {{"connections", core->sessions.count()}});
      for_each_session<&Session::cut_off>(core);
      if (!core->sessions.wait_for_none(kPatience)) {
        core->log.error("requests could not be cut off", {{"connections", core->sessions.count()}});
      }
    }
    for (auto& shard : core->shards) emit_on(core, shard->context, shard->stop_sweep);
    emit_on(core, core->shards.front()->context, core->stop_watch);
    core->services.wait_for_none(kPatience);
  }
};

HttpServer::HttpServer(Runtime& runtime, HttpSettings settings, Log log, HttpProbe* probe)
    : state_(
          std::make_unique<State>(runtime, std::make_shared<ServerCore>(settings, std::move(log), probe))) {
  for (std::size_t i = 0; i < runtime.size(); ++i) {
    state_->core->shards.push_back(std::make_unique<Shard>(runtime.context(i)));
  }
}

HttpServer::~HttpServer() {
  stop();
}

std::uint16_t HttpServer::listen_tcp(const std::string& address, std::uint16_t port, Handler handler,
                                     std::optional<TlsFiles> tls) {
  std::unique_ptr<TlsContext> certificate;
  if (tls) certificate = std::make_unique<TlsContext>(std::move(*tls));
  auto& listener = state_->add(listen_on_tcp(address, port), std::move(handler));
  listener.tls = std::move(certificate);
  return bound_port(listener.socket);
}

void HttpServer::listen_unix(const std::string& path, Handler handler) {
  state_->add(listen_on_path(path), std::move(handler)).path = path;
}

void HttpServer::start() {
  if (state_->started || state_->core->stopping) return;
  state_->started = true;
  const auto& core = state_->core;
  for (auto& shard : core->shards) {
    spawn_service(core, core->services, shard->context, sweep_deadlines(core, *shard), shard->stop_sweep);
  }
  spawn_service(core, core->services, core->shards.front()->context, watch_certificates(core),
                core->stop_watch);
  for (auto& listener : core->listeners) {
    spawn_service(core, core->acceptors, listener->accepts_on->context, accept_connections(core, *listener),
                  listener->stop_accepting);
  }
}

void HttpServer::stop() {
  auto& core = state_->core;
  if (core->stopping.exchange(true)) return;
  if (state_->started && state_->runtime.running()) state_->stop_running();
  for (auto& listener : core->listeners) {
    if (!listener->path.empty()) ::unlink(listener->path.c_str());
  }
  if (core->acceptors.count() == 0 && core->sessions.count() == 0) core->listeners.clear();
}

std::size_t HttpServer::open_connections() const {
  return state_->core->limit.count();
}

}  // namespace latchkey::io
