// The peer that uses Beast as its examples do (tcp_stream, message serializer, a coroutine a connection) with
// an io_context a core, one acceptor handing sockets out in turn, and a constant body.
//
//   beast_echo_bench BODY          prints {"port": N} and serves until it is told to stop
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

using Executor = asio::io_context::executor_type;
using Stream = beast::basic_stream<tcp, Executor>;
using Token = asio::use_awaitable_t<Executor>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;

Awaitable<void> serve(Stream stream, const std::string& body) {
  beast::flat_buffer buffer;
  try {
    for (;;) {
      stream.expires_after(std::chrono::seconds(600));
      http::request<http::string_body> request;
      co_await http::async_read(stream, buffer, request, Token{});
      http::response<http::string_body> response{http::status::ok, request.version()};
      response.set(http::field::server, "beast");
      response.set(http::field::content_type, "application/json");
      response.keep_alive(request.keep_alive());
      response.body() = body;
      response.prepare_payload();
      co_await http::async_write(stream, response, Token{});
      if (!response.keep_alive()) break;
    }
  } catch (const boost::system::system_error&) {
    // The client left.
  }
}

using Contexts = std::vector<std::unique_ptr<asio::io_context>>;

Awaitable<void> accept(tcp::acceptor& acceptor, Contexts& contexts, const std::string& body) {
  for (std::size_t turn = 0;; ++turn) {
    auto& context = *contexts[turn % contexts.size()];
    asio::basic_stream_socket<tcp, Executor> socket(context);
    co_await acceptor.async_accept(socket, Token{});
    socket.set_option(tcp::no_delay(true));
    asio::co_spawn(context.get_executor(), serve(Stream(std::move(socket)), body), asio::detached);
  }
}

}  // namespace

int main(int count, char** words) {
  const std::string body = count > 1 ? words[1] : "{}";
  Contexts contexts;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    contexts.push_back(std::make_unique<asio::io_context>(1));
  }
  tcp::acceptor acceptor(*contexts[0], tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  acceptor.listen(4096);
  asio::signal_set signals(*contexts[0], SIGTERM, SIGINT);
  signals.async_wait([&contexts](const boost::system::error_code&, int) {
    for (auto& context : contexts) context->stop();
  });
  asio::co_spawn(contexts[0]->get_executor(), accept(acceptor, contexts, body), asio::detached);
  std::printf("{\"port\": %u}\n", acceptor.local_endpoint().port());
  std::fflush(stdout);

  std::vector<std::thread> threads;
  for (auto& context : contexts) {
    threads.emplace_back([&context] {
      const auto work = asio::make_work_guard(*context);
      context->run();
    });
  }
  for (auto& thread : threads) thread.join();
}
