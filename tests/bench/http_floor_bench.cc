// This project's HTTP server with a handler that returns a constant: what is left of a request's cost when
// routing and authentication are taken away.
//
//   http_floor_bench BODY          prints {"port": N} and serves until it is told to stop
#include <csignal>
#include <cstdio>
#include <string>

#include "io/http_server.h"
#include "io/runtime.h"

namespace {

using namespace latchkey;

io::awaitable<io::Response> answer(const std::string& body) {
  io::Response response;
  response.body = body;
  co_return response;
}

}  // namespace

int main(int count, char** words) {
  const std::string body = count > 1 ? words[1] : "{}";
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  io::HttpSettings settings;
  settings.max_connections = 20'000;
  settings.max_connections_per_address = 0;
  settings.idle_deadline = std::chrono::minutes(10);
  io::Runtime runtime(0, quiet_log());
  io::HttpServer server(runtime, settings, quiet_log());
  const auto port = server.listen_tcp("127.0.0.1", 0, [&body](io::Request&) { return answer(body); });
  runtime.start();
  server.start();
  std::printf("{\"port\": %u}\n", port);
  std::fflush(stdout);

  int received = 0;
  sigwait(&ends, &received);
  server.stop();
  runtime.stop();
}
