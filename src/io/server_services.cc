#include "io/server_services.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>

#include "io/runtime.h"
#include "io/session.h"

namespace latchkey::io {
namespace {

namespace asio = boost::asio;

// Between two looks at the rest of the context's work.
constexpr int kMostAcceptedAtOnce = 64;
// Connections beyond the limit that are told so; the others are closed without a word.
constexpr std::size_t kMostRefusing = 64;

bool out_of_resources(int reason) {
  return reason == EMFILE || reason == ENFILE || reason == ENOBUFS || reason == ENOMEM;
}

void hand_over(const std::shared_ptr<ServerCore>& core, Listener& listener, FileDescriptor socket,
               Peer peer) {
  auto admission = core->limit.admit(peer.address);
  if (!admission && core->refusing >= kMostRefusing) return;
  auto& shard = *core->shards[core->next_shard++ % core->shards.size()];
  Session::Accepted accepted{std::move(socket), std::move(peer), std::move(admission),
                             Tally::Mark(core->sessions)};
  auto begin = [core, &shard, &listener, accepted = std::move(accepted)]() mutable {
    Session::spawn(core, shard, listener, std::move(accepted));
  };
  asio::post(shard.context, std::move(begin));
}

// Zero, or the reason why accepting failed.
int accept_waiting(const std::shared_ptr<ServerCore>& core, Listener& listener, int listening) {
  for (int i = 0; i < kMostAcceptedAtOnce; ++i) {
    Peer peer;
    auto socket = accept_from(listening, peer);
    if (socket.number() < 0) {
      auto reason = errno;
      if (reason == EAGAIN || reason == EWOULDBLOCK) return 0;
      if (out_of_resources(reason)) return reason;
      continue;  // that connection died in the queue
    }
    hand_over(core, listener, std::move(socket), std::move(peer));
  }
  return 0;
}

}  // namespace

awaitable<void> accept_connections(std::shared_ptr<ServerCore> core, Listener& listener) {
  asio::posix::basic_stream_descriptor<Executor> watched(co_await asio::this_coro::executor,
                                                         listener.socket.release());
  auto short_of_resources = false;
  while (!core->stopping) {
    co_await watched.async_wait(asio::posix::descriptor_base::wait_read,
                                asio::as_tuple(asio::use_awaitable_t<Executor>{}));
    if (core->stopping) co_return;
    auto reason = accept_waiting(core, listener, watched.native_handle());
    if (reason != 0) {
      if (!short_of_resources) {
        core->log.error("cannot accept connections", {{"error", ::strerrordesc_np(reason)}});
      }
      co_await sleep_for(core->settings.accept_pause);
    } else if (short_of_resources) {
      core->log.info("accepting connections again");
    }
    short_of_resources = reason != 0;
  }
}

awaitable<void> sweep_deadlines(std::shared_ptr<ServerCore> core, Shard& shard) {
  const auto interval = sweep_interval(core->settings);
  for (;;) {
    co_await sleep_for(interval);
    auto now = Session::Clock::now();
    for (auto& session : shard.sessions) {
      if (session.deadline() <= now) session.expire();
    }
  }
}

awaitable<void> watch_certificates(std::shared_ptr<ServerCore> core) {
  for (;;) {
    co_await sleep_for(core->settings.tls_reload_interval);
    for (auto& listener : core->listeners) {
      if (listener->tls) listener->tls->reload_if_changed(core->log);
    }
  }
}

}  // namespace latchkey::io
