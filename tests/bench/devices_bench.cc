// Simulated devices over the real control protocol, each with a connection and a map stream of its own, from
// one epoll loop.
//
//   devices_bench --port P --devices 2000 --key-file FILE --token-file FILE
//
// Takes commands from standard input, one a line, and answers each with a line of JSON:
//   join      all devices join with the auth key and open their streams, --at-once at a time
//   change    one device is renamed over the API: how long until the last stream has heard of it, and how
//   long
//             as many bare sockets need for as many bytes
//   await     the server has been stopped and comes again: all connect anew, as soon as they can
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "crypto/x25519.h"
#include "testing/control_client.h"

namespace {

using namespace latchkey;
using testing::ControlSession;
using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

constexpr std::uint16_t kProtocolVersion = 140;
constexpr auto kPatience = std::chrono::seconds(300);
constexpr auto kRetryConnect = std::chrono::milliseconds(20);

[[noreturn]] void fail(const std::string& doing) {
  throw std::runtime_error(doing + ": " + strerror(errno));
}

double seconds_since(Time since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// -1 when nobody listens.
int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) fail("socket");
  const auto address = loopback(port);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(socket);
    return -1;
  }
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

struct Options {
  std::uint16_t port = 0;
  std::size_t devices = 2000;
  std::size_t at_once = 64;
  std::string auth_key;
  std::string token;
};

std::string first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line)) throw std::runtime_error("nothing in " + file);
  return line;
}

Options parse(int count, char** words) {
  Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = words[i];
    const std::string value = words[i + 1];
    if (name == "--port")
      options.port = static_cast<std::uint16_t>(std::stoi(value));
    else if (name == "--devices")
      options.devices = std::stoul(value);
    else if (name == "--at-once")
      options.at_once = std::stoul(value);
    else if (name == "--key-file")
      options.auth_key = first_line(value);
    else if (name == "--token-file")
      options.token = first_line(value);
    else
      throw std::runtime_error("unknown option " + name);
  }
  if (options.port == 0 || options.auth_key.empty() || options.token.empty()) {
    throw std::runtime_error("--port, --key-file and --token-file are required");
  }
  return options;
}

// A device's own state: what it is waiting for, and what it has been told.
struct Device {
  enum class Stage { away, shaking_hands, registering, opening, here };

  testing::DeviceKeys keys;
  crypto::X25519KeyPair machine = crypto::x25519_generate();
  std::string hostname;
  bool registered = false;

  Stage stage = Stage::away;
  int socket = -1;
  std::unique_ptr<ControlSession> session;
  std::int32_t registration = 0, poll = 0, update = 0;
  bool has_map = false;
  std::size_t deltas = 0;
  bool heard = false;  // of the change that is being timed
  std::string unsent;
};

class Fleet {
 public:
  explicit Fleet(const Options& options) : options_(options), devices_(options.devices) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) fail("epoll_create1");
    for (std::size_t i = 0; i < devices_.size(); ++i) devices_[i].hostname = "device-" + std::to_string(i);
    server_ = testing::ControlClient::server_key(options.port);
  }

  void join() {
    const auto began = Clock::now();
    bring_back(options_.at_once);
    const double took = seconds_since(began);
    std::printf(
        "{\"devices\": %zu, \"seconds\": %.3f, \"map_bytes\": %zu, \"map_text_bytes\": %zu, \"peers\": "
        "%zu}\n",
        devices_.size(), took, map_bytes_, map_text_bytes_, peers_);
  }

  void await_server() {
    // Until the last one has noticed.
    wait_until([this] { return here_ == 0; });
    int probe = -1;
    while ((probe = connect_to(options_.port)) < 0) std::this_thread::sleep_for(kRetryConnect);
    close(probe);
    const auto began = Clock::now();
    bring_back(devices_.size());
    std::printf(
        "{\"devices\": %zu, \"seconds\": %.3f, \"map_bytes\": %zu, \"peers\": %zu, \"deltas\": %.1f}\n",
        devices_.size(), seconds_since(began), map_bytes_, peers_,
        static_cast<double>(deltas_) / static_cast<double>(devices_.size()));
  }

  void change() {
    settle();
    marker_ = "renamed-" + std::to_string(++changes_);
    for (auto& device : devices_) device.heard = false;
    heard_ = 0;
    delta_bytes_ = 0;
    const auto began = Clock::now();
    const int api = rename(marker_);
    wait_until([this] { return heard_ == devices_.size(); });
    const double took = seconds_since(began);
    close(api);
    marker_.clear();
    std::printf("{\"seconds\": %.6f, \"bytes\": %zu, \"floor_seconds\": %.6f}\n", took, delta_bytes_,
                bare_writes(delta_bytes_));
  }

  // Takes what comes, without stopping, while there is nothing to read on standard input.
  void rest() {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kStandardInput;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, STDIN_FILENO, &event);
    asked_ = false;
    while (!asked_) turn(std::chrono::seconds(10));
    epoll_ctl(epoll_, EPOLL_CTL_DEL, STDIN_FILENO, nullptr);
  }

 private:
  static constexpr std::uint64_t kStandardInput = ~std::uint64_t{0};

  void bring_back(std::size_t at_once) {
    deltas_ = 0;
    std::size_t next = 0;
    wait_until([&] {
      while (next < devices_.size() && next - here_ < at_once) start(next++);
      return here_ == devices_.size();
    });
  }

  void start(std::size_t i) {
    auto& device = devices_[i];
    device.session = std::make_unique<ControlSession>(kProtocolVersion, device.machine, server_);
    device.socket = connect_to(options_.port);
    if (device.socket < 0) fail("connect");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, device.socket, &event) != 0) fail("epoll_ctl");
    device.stage = Device::Stage::shaking_hands;
    device.has_map = false;
    device.unsent = device.session->upgrade_request();
    send(i);
  }

  void send(std::size_t i) {
    auto& device = devices_[i];
    device.unsent += device.session->take_output();
    while (!device.unsent.empty()) {
      const auto sent = ::send(device.socket, device.unsent.data(), device.unsent.size(), MSG_NOSIGNAL);
      if (sent <= 0) return lost(i);
      device.unsent.erase(0, static_cast<std::size_t>(sent));
    }
  }

  void lost(std::size_t i) {
    auto& device = devices_[i];
    if (device.stage != Device::Stage::here) {
      throw std::runtime_error("the server closed the connection of a device that was on its way");
    }
    --here_;
    device.stage = Device::Stage::away;
    close(device.socket);
    device.socket = -1;
    device.session.reset();
  }

  void receive(std::size_t i) {
    auto& device = devices_[i];
    if (device.socket < 0) return;
    const auto count = recv(device.socket, buffer_, sizeof buffer_, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return lost(i);
    device.session->receive({buffer_, static_cast<std::size_t>(count)});
    advance(i);
    if (device.socket >= 0) send(i);
  }

  void advance(std::size_t i) {
    auto& device = devices_[i];
    auto& session = *device.session;
    if (device.stage == Device::Stage::shaking_hands) {
      if (!session.is_ready()) return;
      if (device.registered) {
        open_stream(device);
      } else {
        device.registration = session.begin("POST", "/machine/register",
                                            register_body(device.keys, options_.auth_key, device.hostname));
        device.stage = Device::Stage::registering;
      }
    } else if (device.stage == Device::Stage::registering) {
      const auto& answer = session.stream(device.registration);
      if (!answer.ended) return;
      if (answer.status != 200 || answer.body.find("\"MachineAuthorized\":true") == std::string::npos) {
        throw std::runtime_error("a device was refused: " + std::to_string(answer.status) + " " +
                                 answer.body);
      }
      session.forget(device.registration);
      device.registered = true;
      open_stream(device);
    } else {
      take_messages(i);
    }
  }

  // The stream and, as clients do, an update beside it.
  void open_stream(Device& device) {
    auto& session = *device.session;
    device.poll = session.begin("POST", "/machine/map", map_body(device.keys, true, false, device.hostname));
    device.update =
        session.begin("POST", "/machine/map", map_body(device.keys, false, true, device.hostname));
    device.stage = Device::Stage::opening;
  }

  void take_messages(std::size_t i) {
    auto& device = devices_[i];
    auto& session = *device.session;
    while (const auto packed = session.take_packed(device.poll)) {
      if (!device.has_map) {
        device.has_map = true;
        note_map(i, *packed);
      } else {
        ++deltas_;
        if (!marker_.empty() && !device.heard && told_of_change(*packed)) {
          device.heard = true;
          ++heard_;
          delta_bytes_ = std::max(delta_bytes_, packed->size() + 4);
        }
      }
    }
    if (session.stream(device.poll).ended) return lost(i);
    if (device.stage == Device::Stage::opening && device.has_map && session.stream(device.update).ended) {
      session.forget(device.update);
      device.stage = Device::Stage::here;
      ++here_;
    }
  }

  // The text of most maps is nobody's business here; that of some is looked at.
  void note_map(std::size_t i, const std::string& packed) {
    map_bytes_ = std::max(map_bytes_, packed.size() + 4);
    if (i != 0 && i + 1 != devices_.size()) return;
    const auto text = ControlSession::decompressed(packed);
    map_text_bytes_ = text.size();
    const std::string_view mark = "\"Machine\":";
    peers_ = 0;
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) ++peers_;
    --peers_;  // itself
    if (i == 0) {
      const std::string_view stable = "\"StableID\":\"";
      const auto from = text.find(stable) + stable.size();
      first_id_ = text.substr(from, text.find('"', from) - from);
    }
  }

  bool told_of_change(const std::string& packed) {
    if (packed != last_delta_) {
      last_delta_ = packed;
      last_tells_ = ControlSession::decompressed(packed).find(marker_) != std::string::npos;
    }
    return last_tells_;
  }

  // Sends the request; its answer is of no interest.
  int rename(const std::string& name) {
    const int api = connect_to(options_.port);
    if (api < 0) fail("connect");
    const std::string body = R"({"name":")" + name + R"("})";
    const std::string request =
        "POST /api/v2/device/" + first_id_ + "/name HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
        "Authorization: Bearer " + options_.token +
        "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
        body;
    if (::send(api, request.data(), request.size(), MSG_NOSIGNAL) < 0) fail("send");
    return api;
  }

  // As many sockets as devices; a thread writes so many bytes into each, one system call each.
  double bare_writes(std::size_t bytes) {
    if (bare_.empty()) make_bare();
    const std::string piece(bytes, 'x');
    std::size_t missing = bare_.size() * bytes;
    const auto began = Clock::now();
    std::thread writer([&] {
      for (const auto& [from, to] : bare_) {
        if (::send(from, piece.data(), piece.size(), MSG_NOSIGNAL) < 0) fail("send");
      }
    });
    while (missing > 0) {
      epoll_event events[256];
      const int count = epoll_wait(bare_epoll_, events, 256, 1000);
      for (int e = 0; e < count; ++e) {
        const auto got = recv(events[e].data.fd, buffer_, sizeof buffer_, MSG_DONTWAIT);
        if (got > 0) missing -= static_cast<std::size_t>(got);
      }
    }
    const double took = seconds_since(began);
    writer.join();
    return took;
  }

  void make_bare() {
    bare_epoll_ = epoll_create1(EPOLL_CLOEXEC);
    const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t size = sizeof address;
    if (bind(listening, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listening, 64) != 0 ||
        getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      fail("listen");
    }
    for (std::size_t i = 0; i < std::min<std::size_t>(devices_.size(), kMostBare); ++i) {
      const int from = connect_to(ntohs(address.sin_port));
      const int to = accept(listening, nullptr, nullptr);
      if (from < 0 || to < 0) fail("accept");
      bare_.emplace_back(from, to);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.fd = to;
      if (epoll_ctl(bare_epoll_, EPOLL_CTL_ADD, to, &event) != 0) fail("epoll_ctl");
    }
    close(listening);
  }

  // Until nothing has come for a while.
  void settle() {
    while (turn(std::chrono::milliseconds(500)) > 0) {
    }
  }

  template <typename Done>
  void wait_until(Done done) {
    const auto end = Clock::now() + kPatience;
    while (!done()) {
      turn(std::chrono::milliseconds(100));
      if (Clock::now() > end) {
        throw std::runtime_error("only " + std::to_string(here_) + " devices are there, " +
                                 std::to_string(heard_) + " heard of the change");
      }
    }
  }

  int turn(std::chrono::milliseconds patience) {
    epoll_event events[512];
    const int count = epoll_wait(epoll_, events, 512, static_cast<int>(patience.count()));
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int e = 0; e < count; ++e) {
      if (events[e].data.u64 == kStandardInput) {
        asked_ = true;
      } else {
        receive(events[e].data.u64);
      }
    }
    return count;
  }

  // Two sockets each, beside those of the devices.
  static constexpr std::size_t kMostBare = 4000;

  Options options_;
  std::vector<Device> devices_;
  crypto::X25519PublicKey server_{};
  int epoll_ = -1;
  bool asked_ = false;
  std::size_t here_ = 0;
  std::size_t heard_ = 0;
  std::size_t deltas_ = 0;
  std::size_t changes_ = 0;
  std::string marker_;
  std::string first_id_;
  std::string last_delta_;
  bool last_tells_ = false;
  std::size_t map_bytes_ = 0, map_text_bytes_ = 0, peers_ = 0, delta_bytes_ = 0;
  int bare_epoll_ = -1;
  std::vector<std::pair<int, int>> bare_;
  char buffer_[128 * 1024];
};

std::string next_command() {
  std::string line;
  for (char c = 0; ::read(STDIN_FILENO, &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

}  // namespace

int main(int count, char** words) {
  try {
    const auto fleet = std::make_unique<Fleet>(parse(count, words));
    for (;;) {
      fleet->rest();
      const auto command = next_command();
      if (command == "join")
        fleet->join();
      else if (command == "change")
        fleet->change();
      else if (command == "await")
        fleet->await_server();
      else
        return command.empty() ? 0 : 2;
      std::fflush(stdout);
    }
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "devices_bench: %s\n", failed.what());
    return 1;
  }
}
