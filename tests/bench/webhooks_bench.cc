// Webhook deliveries a second to a local sink, with a database on disk.
//
//   webhooks_bench DIR generic|mattermost ENDPOINTS EVENTS
//
// EVENTS events wait for each of ENDPOINTS endpoints; the time runs from the start of the work until the last
// one is written down as delivered. The generic format takes up to a hundred events in one request, the other
// one. The sink is a process of its own, so the processor time is the server's. Prints one line of JSON.
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/webhooks/manage.h"
#include "core/webhooks/webhook_store.h"
#include "crypto/random.h"
#include "io/listen_socket.h"
#include "io/runtime.h"
#include "storage/sql_database.h"
#include "testing/world.h"
#include "workers/webhook_delivery.h"

namespace {

using namespace latchkey;
using Clock = std::chrono::steady_clock;

double cpu_micros() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

// Whether the text held a whole request, which is taken out then.
bool take_request(std::string& text) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const auto length = text.find("Content-Length: ");
  if (length == std::string::npos || length > end) throw std::runtime_error("a request without a length");
  const auto size = end + 4 + std::stoul(text.substr(length + 16, 12));
  if (text.size() < size) return false;
  text.erase(0, size);
  return true;
}

// Answers everything with 200 until it is killed.
[[noreturn]] void serve(const io::FileDescriptor& listening) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  static constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  std::vector<pollfd> polled{{listening.number(), POLLIN, 0}};
  std::map<int, std::string> unread;
  std::vector<char> bytes(1UL << 20);
  for (;;) {
    ::poll(polled.data(), polled.size(), -1);
    for (std::size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      const int socket = polled[i].fd;
      const auto count = ::recv(socket, bytes.data(), bytes.size(), 0);
      if (count <= 0) {
        ::close(socket);
        polled[i].fd = -1;
        continue;
      }
      unread[socket].append(bytes.data(), static_cast<std::size_t>(count));
      while (take_request(unread[socket])) ::send(socket, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
    }
    if (polled[0].revents != 0) {
      const int socket = ::accept(listening.number(), nullptr, nullptr);
      if (socket >= 0) {
        polled.push_back({socket, POLLIN, 0});
        unread[socket].clear();
      }
    }
  }
}

webhooks::EndpointRef make_endpoint(testing::World& world, const webhooks::WebhookVault& vault,
                                    const std::string& url, const std::string& provider) {
  const auto may =
      identity::authorize<identity::Operation::create_webhook>(world.caller(identity::Role::owner));
  const auto made = world.db().write_now([&](core::Tx& tx) {
    return webhooks::create_endpoint(tx, *may, {url, provider, {"nodeCreated"}}, {world.mint(), vault, true},
                                     world.now);
  });
  return {made->endpoint.tailnet, made->endpoint.id};
}

webhooks::KeptEvent make_event(const testing::World& world, std::int64_t id) {
  const std::string text = to_rfc3339(world.now);
  return {
      world.tailnet().tailnet.id,
      id,
      world.now,
      "credentialCreated",
      "Auth key created",
      R"({"timestamp":")" + text +
          R"(","version":1,"type":"credentialCreated","tailnet":"otter-reef.example",)"
          R"("message":"Auth key created","data":{"credentialType":"authKey","credentialID":"kA1b2C3CNTRL",)"
          R"("description":"ci runner )" +
          std::to_string(id) +
          R"(","owner":"mira@otter-reef.example",)"
          R"("actor":"mira@otter-reef.example","expiration":")" +
          text + R"(","url":"https://latchkey.example/admin/settings/keys"}})"};
}

void queue(testing::World& world, const std::vector<webhooks::EndpointRef>& endpoints, std::int64_t events) {
  constexpr std::int64_t kFirst = 1'000'000'000;
  const auto done = world.db().write_now([&](core::Tx& tx) -> Result<void> {
    for (std::int64_t i = 0; i < events; ++i) {
      tx.webhooks().keep(make_event(world, kFirst + i));
      for (const auto& endpoint : endpoints) tx.webhooks().enqueue(endpoint, kFirst + i, 0, world.now);
    }
    return {};
  });
  if (!done) throw std::runtime_error(done.error().message);
}

void measure(const std::string& directory, const std::string& provider, std::size_t count,
             std::int64_t events, std::uint16_t port) {
  SystemClock clock;
  Metrics metrics;
  io::Runtime runtime(1, quiet_log());
  testing::World world(
      storage::open_sqlite(std::filesystem::path(directory) / "webhooks.db",
                           {.keys = {.audit_chain = crypto::HmacKey(crypto::random_array<32>())}}));
  world.now = clock.now();
  const webhooks::WebhookVault vault(crypto::Key256(crypto::random_array<32>()));
  std::vector<webhooks::EndpointRef> endpoints;
  const auto url = "http://127.0.0.1:" + std::to_string(port) + "/hook";
  for (std::size_t i = 0; i < count; ++i) endpoints.push_back(make_endpoint(world, vault, url, provider));
  queue(world, endpoints, events);
  workers::WorkContext context{world.db(), clock, quiet_log(), metrics, "bench"};
  workers::WebhookDelivery work(runtime, context, vault,
                                {.guard = *io::AddressGuard::make({"127.0.0.0/8"}), .allow_http = true});
  runtime.start();
  const double cpu = cpu_micros();
  const auto start = Clock::now();
  work.start("https://latchkey.example/admin");
  for (std::int64_t waiting = 1; waiting > 0;) {
    std::this_thread::sleep_for(milliseconds(50));
    waiting = world.db()
                  .read_now([](core::Tx& tx) -> Result<webhooks::QueueState> {
                    return tx.webhooks().queue_state();
                  })
                  ->waiting;
  }
  const std::chrono::duration<double> took = Clock::now() - start;
  const double used = cpu_micros() - cpu;
  std::int64_t requests = 0;
  for (const auto& endpoint : endpoints) {
    requests += world.db()
                    .read_now([&](core::Tx& tx) -> Result<std::int64_t> {
                      const auto all = tx.webhooks().attempts(endpoint, 1'000'000);
                      return static_cast<std::int64_t>(all.size());
                    })
                    .value();
  }
  work.stop();
  runtime.stop();
  std::printf("{\"requests\": %lld, \"seconds\": %.6f, \"cpu_us\": %.0f, \"posts\": %lld}\n",
              static_cast<long long>(events) * static_cast<long long>(count), took.count(), used,
              static_cast<long long>(requests));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 5) throw std::runtime_error("usage: webhooks_bench DIR generic|mattermost ENDPOINTS EVENTS");
    const auto listening = io::listen_on_tcp("127.0.0.1", 0);
    const pid_t sink = ::fork();
    if (sink == 0) serve(listening);
    const std::string provider = argv[2] == std::string("generic") ? "" : argv[2];
    measure(argv[1], provider, std::stoul(argv[3]), std::stol(argv[4]), io::bound_port(listening));
    ::kill(sink, SIGKILL);
    ::waitpid(sink, nullptr, 0);
    return 0;
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "%s\n", failed.what());
    return 1;
  }
}
