// A load generator for one server on loopback: keep-alive connections over one epoll loop, no pipelining.
//
//   load_bench --port P --connections 64 --seconds 2 --method POST --path /x --body TEXT --tokens FILE
//
// As fast as the server answers, or with --rate R requests a second, timed from when each was due, so that a
// slow answer delays the count of those behind it (no coordinated omission). --tokens names a file with one
// bearer token a line, or another scheme and its credentials ("Basic ..."), taken in turn from line --offset
// on. --type is the body's, JSON without it. --idle holds the connections open after one
// request each, says so, and waits for the end of standard input. Prints one line of JSON.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 1;
  double seconds = 2;
  double rate = 0;  // requests a second over all connections; 0: without pause
  std::string method = "GET";
  std::string path = "/";
  std::string body;
  std::string type = "application/json";
  std::string tokens_file;
  std::size_t offset = 0;
  std::size_t most = 0;  // requests; 0: no limit
  bool idle = false;
};

Options parse(int count, char** words) {
  std::map<std::string, std::string> given;
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--idle") {
      options.idle = true;
    } else if (word.starts_with("--") && i + 1 < count) {
      given[word.substr(2)] = words[++i];
    } else {
      throw std::runtime_error("unexpected argument " + word);
    }
  }
  for (const auto& [name, value] : given) {
    if (name == "port")
      options.port = static_cast<std::uint16_t>(std::stoi(value));
    else if (name == "connections")
      options.connections = std::stoul(value);
    else if (name == "seconds")
      options.seconds = std::stod(value);
    else if (name == "rate")
      options.rate = std::stod(value);
    else if (name == "method")
      options.method = value;
    else if (name == "path")
      options.path = value;
    else if (name == "body")
      options.body = value;
    else if (name == "type")
      options.type = value;
    else if (name == "tokens")
      options.tokens_file = value;
    else if (name == "offset")
      options.offset = std::stoul(value);
    else if (name == "most")
      options.most = std::stoul(value);
    else
      throw std::runtime_error("unknown option --" + name);
  }
  if (options.port == 0) throw std::runtime_error("--port is required");
  return options;
}

[[noreturn]] void fail(const char* doing) {
  throw std::runtime_error(std::string(doing) + ": " + strerror(errno));
}

std::vector<std::string> read_lines(const std::string& file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  if (lines.empty()) throw std::runtime_error("no tokens in " + file);
  return lines;
}

// What to send, one text after the other.
class Requests {
 public:
  explicit Requests(const Options& options) : next_(options.offset) {
    head_ = options.method + " " + options.path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    if (!options.body.empty()) {
      tail_ = "Content-Type: " + options.type + "\r\nContent-Length: " + std::to_string(options.body.size()) +
              "\r\n";
    }
    tail_ += "\r\n" + options.body;
    if (!options.tokens_file.empty()) tokens_ = read_lines(options.tokens_file);
  }

  std::string next() {
    if (tokens_.empty()) return head_ + tail_;
    const auto& token = tokens_[next_++ % tokens_.size()];
    const char* scheme = token.find(' ') == std::string::npos ? "Bearer " : "";
    return head_ + "Authorization: " + scheme + token + "\r\n" + tail_;
  }

 private:
  std::string head_, tail_;
  std::vector<std::string> tokens_;
  std::size_t next_;
};

// Enough of HTTP/1.1 for answers that carry a Content-Length.
struct Answer {
  int status = 0;
  bool closes = false;
  std::size_t size = 0;  // of head and body
};

bool read_answer(std::string_view text, Answer& answer) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return false;
  const std::string_view head = text.substr(0, end + 2);
  if (!head.starts_with("HTTP/1.1 ") || head.size() < 12) throw std::runtime_error("not an HTTP/1.1 answer");
  std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  std::size_t body = 0;
  const auto length = head.find("\r\nContent-Length: ");
  if (length != std::string_view::npos)
    std::from_chars(head.data() + length + 18, head.data() + head.size(), body);
  answer.closes = head.find("\r\nConnection: close\r\n") != std::string_view::npos;
  answer.size = end + 4 + body;
  return text.size() >= answer.size;
}

struct Connection {
  int socket = -1;
  bool busy = false;
  Time since{};  // when its request was sent, or due
  std::string received;
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options), requests_(options), connections_(options.connections) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) fail("epoll_create1");
  }

  void run() {
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      connect(i);
      if (options_.idle) exchange_once(i);
      idle_.push_back(i);
    }
    if (options_.idle) return;
    start_ = Clock::now();
    const Time end =
        start_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.seconds));
    for (Time now = start_; now < end && !(exhausted() && busy_ == 0); now = Clock::now()) {
      while (!idle_.empty() && !exhausted() && due(sent_) <= now) {
        const std::size_t i = idle_.front();
        idle_.pop_front();
        send(i, options_.rate > 0 ? due(sent_) : now);
        ++sent_;
      }
      wait_until(options_.rate > 0 && !idle_.empty() && !exhausted() ? std::min(end, due(sent_)) : end);
    }
    seconds_ = std::chrono::duration<double>(Clock::now() - start_).count();
  }

  void report() {
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [this](double share) {
      if (latencies_.empty()) return 0.0;
      const auto index = static_cast<std::size_t>(share * static_cast<double>(latencies_.size() - 1));
      return static_cast<double>(latencies_[index]) / 1000.0;
    };
    std::printf(
        "{\"requests\": %zu, \"seconds\": %.6f, \"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, "
        "\"worst_us\": %.1f, \"statuses\": {",
        latencies_.size(), seconds_, at(0.5), at(0.9), at(0.99), at(1.0));
    const char* comma = "";
    for (const auto& [status, count] : statuses_) {
      std::printf("%s\"%d\": %zu", comma, status, count);
      comma = ", ";
    }
    std::printf("}}\n");
    std::fflush(stdout);
  }

 private:
  bool exhausted() const { return options_.most != 0 && sent_ >= options_.most; }
  Time due(std::size_t index) const {
    if (options_.rate <= 0) return start_;
    return start_ + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(index) / options_.rate));
  }

  void connect(std::size_t i) {
    Connection& connection = connections_[i];
    connection = {};
    connection.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection.socket < 0) fail("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(connection.socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      fail("connect");
    const int on = 1;
    setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event) != 0) fail("epoll_ctl");
  }

  void exchange_once(std::size_t i) {
    send(i, Clock::now());
    const std::size_t before = latencies_.size();
    while (latencies_.size() == before) wait_until(Clock::now() + std::chrono::seconds(5));
    idle_.clear();
  }

  void send(std::size_t i, Time since) {
    Connection& connection = connections_[i];
    const std::string text = requests_.next();
    // Small requests on an idle connection: the socket's buffer takes them whole.
    if (::send(connection.socket, text.data(), text.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size()))
      fail("send");
    connection.busy = true;
    connection.since = since;
    ++busy_;
  }

  void wait_until(Time until) {
    const auto left = until - Clock::now();
    const auto nanos =
        std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::nanoseconds>(left).count());
    const timespec patience{nanos / 1'000'000'000, nanos % 1'000'000'000};
    epoll_event events[256];
    const int count = epoll_pwait2(epoll_, events, 256, &patience, nullptr);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int e = 0; e < count; ++e) receive(events[e].data.u64);
  }

  void receive(std::size_t i) {
    Connection& connection = connections_[i];
    char buffer[16 * 1024];
    const ssize_t size = ::recv(connection.socket, buffer, sizeof buffer, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      if (connection.busy) throw std::runtime_error("the server closed a connection before its answer");
      close(connection.socket);
      connect(i);
      return;
    }
    connection.received.append(buffer, static_cast<std::size_t>(size));
    Answer answer;
    if (!read_answer(connection.received, answer)) return;
    connection.received.erase(0, answer.size);
    latencies_.push_back(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - connection.since).count()));
    ++statuses_[answer.status];
    connection.busy = false;
    --busy_;
    if (answer.closes) {
      close(connection.socket);
      connect(i);
    }
    idle_.push_back(i);
  }

  Options options_;
  Requests requests_;
  std::vector<Connection> connections_;
  std::deque<std::size_t> idle_;
  std::vector<std::uint64_t> latencies_;  // nanoseconds
  std::map<int, std::size_t> statuses_;
  std::size_t sent_ = 0;
  std::size_t busy_ = 0;
  int epoll_ = -1;
  Time start_{};
  double seconds_ = 0;
};

}  // namespace

int main(int count, char** words) {
  try {
    const Options options = parse(count, words);
    Load load(options);
    load.run();
    load.report();
    if (options.idle) {
      for (char c; ::read(STDIN_FILENO, &c, 1) > 0;) {
      }
    }
    return 0;
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "load_bench: %s\n", failed.what());
    return 1;
  }
}
