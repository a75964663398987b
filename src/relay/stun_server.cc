#include "relay/stun_server.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <system_error>

#include "io/runtime.h"
#include "relay/stun.h"

namespace latchkey::relay {
namespace {

namespace asio = boost::asio;
using udp = asio::ip::udp;

// A request has 40 bytes; what is cut off does not parse.
constexpr std::size_t kMostRequest = 512;
// Between two looks at the rest of the thread's work.
constexpr int kMostAtOnce = 64;
// For what ends at once: more time would not help.
constexpr std::chrono::seconds kPatience{5};

std::string response_to(const StunTransaction& transaction, const udp::endpoint& from) {
  const auto address = from.address();
  if (address.is_v6() && !address.to_v6().is_v4_mapped()) {
    const auto bytes = address.to_v6().to_bytes();
    return binding_response(transaction, {bytes, from.port()});
  }
  const auto v4 =
      address.is_v4() ? address.to_v4() : asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  const auto bytes = v4.to_bytes();
  return binding_response(transaction, {bytes, from.port()});
}

using Socket = asio::basic_datagram_socket<udp, io::Executor>;

void bind(Socket& socket, const std::string& address, std::uint16_t port) {
  boost::system::error_code failed;
  const udp::endpoint local(asio::ip::make_address(address, failed), port);
  if (!failed) socket.open(local.protocol(), failed);
  if (!failed && local.address().is_v6()) socket.set_option(asio::ip::v6_only(false), failed);
  if (!failed) socket.non_blocking(true, failed);
  if (!failed) socket.bind(local, failed);
  if (!failed) return;
  // So that another port can be tried.
  boost::system::error_code ignored;
  socket.close(ignored);
  throw std::system_error(failed.value(), std::generic_category(), "listen on UDP " + address);
}

}  // namespace

struct StunServer::State {
  State(asio::io_context& context, RelayProbe& told, Log to)
      : socket(context), probe(told), log(std::move(to)) {}

  void answer_waiting();

  Socket socket;
  RelayProbe& probe;
  const Log log;
};

void StunServer::State::answer_waiting() {
  std::array<char, kMostRequest> packet;
  for (int i = 0; i < kMostAtOnce; ++i) {
    udp::endpoint from;
    boost::system::error_code failed;
    const auto size = socket.receive_from(asio::buffer(packet), from, 0, failed);
    if (failed == asio::error::would_block || failed == asio::error::bad_descriptor) return;
    if (failed) continue;  // an ICMP answer to an earlier packet
    const auto transaction = parse_binding_request({packet.data(), size});
    if (!transaction) {
      probe.stun_ignored();
      continue;
    }
    socket.send_to(asio::buffer(response_to(*transaction, from)), from, 0, failed);
    if (!failed) probe.stun_answered();
  }
}

StunServer::StunServer(io::Runtime& runtime, RelayProbe& probe, Log log)
    : runtime_(runtime), state_(std::make_shared<State>(runtime.context(0), probe, std::move(log))) {}

StunServer::~StunServer() {
  stop();
}

std::uint16_t StunServer::listen(const std::string& address, std::uint16_t port) {
  auto& socket = state_->socket;
  bind(socket, address, port);
  const auto bound = socket.local_endpoint().port();
  auto serve = [state = state_]() -> io::awaitable<void> {
    while (state->socket.is_open()) {
      co_await state->socket.async_wait(udp::socket::wait_read,
                                        asio::as_tuple(asio::use_awaitable_t<io::Executor>{}));
      state->answer_waiting();
    }
  };
  runtime_.spawn_on(0, "STUN", std::move(serve));
  return bound;
}

void StunServer::stop() {
  const auto state = std::move(state_);
  if (!state || !runtime_.running()) return;
  // Waited for, since afterwards the probe may go. What is left of the coroutine touches the socket only.
  auto closed = std::make_shared<std::promise<void>>();
  auto waiting = closed->get_future();
  asio::post(runtime_.context(0), [state, closed] {
    boost::system::error_code ignored;
    state->socket.close(ignored);
    closed->set_value();
  });
  waiting.wait_for(kPatience);
}

}  // namespace latchkey::relay
