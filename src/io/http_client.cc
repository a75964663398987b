#include "io/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <deque>
#include <iterator>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <unordered_map>

#include "base/text.h"

namespace latchkey::io {
namespace {

constexpr std::size_t kMostHeaderBytes = 32UL * 1024;
// Beyond what is kept: so much is read on, for the connection's sake.
constexpr std::size_t kMostDrained = 64UL * 1024;
constexpr std::size_t kMostIdleHandles = 64;
constexpr long kLongestConnection = 300;  // seconds: then DNS is asked again
constexpr long kLongestIdle = 60;
constexpr const char* kStopping = "the server is stopping";
constexpr int kPoll = 1000;  // milliseconds; whoever sends wakes the thread

// CURL and CURLM are the same type to the compiler.
struct FreeEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeMulti {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct FreeLines {
  void operator()(curl_slist* lines) const { curl_slist_free_all(lines); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using Lines = std::unique_ptr<curl_slist, FreeLines>;

void append(Lines& lines, const std::string& line) {
  auto* longer = curl_slist_append(lines.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(lines.release());
  lines.reset(longer);
}

std::string text_of(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address.sa_family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  if (address.sa_family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  if (bytes == nullptr || inet_ntop(address.sa_family, bytes, text.data(), text.size()) == nullptr) return {};
  return text.data();
}

// One request under way.
struct Transfer {
  Transfer(const AddressGuard& judge, OutboundRequest wanted, HttpClient::Done tell)
      : guard(judge), request(std::move(wanted)), done(std::move(tell)) {}

  const AddressGuard& guard;
  OutboundRequest request;
  HttpClient::Done done;
  // Time that is spent waiting for a place counts.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::now() + request.patience;
  Easy handle;
  Lines header_lines;
  Lines names;
  std::array<char, CURL_ERROR_SIZE> explained{};

  OutboundAnswer answer;
  std::string forbidden;  // the address that the guard refused
  int seen_status = 0;    // of the head that is being read
  std::size_t header_bytes = 0;
  std::size_t drained = 0;
  bool cut = false;
};

// "HTTP/1.1 200 OK"; 0 when it is no status line.
int status_of(std::string_view line) {
  if (!line.starts_with("HTTP/")) return 0;
  const auto blank = line.find(' ');
  if (blank == std::string_view::npos || line.size() < blank + 4) return 0;
  int status = 0;
  for (const char c : line.substr(blank + 1, 3)) {
    if (c < '0' || c > '9') return 0;
    status = status * 10 + (c - '0');
  }
  return status;
}

std::size_t take_header(char* bytes, std::size_t, std::size_t size, void* into) {
  auto& transfer = *static_cast<Transfer*>(into);
  transfer.header_bytes += size;
  if (transfer.header_bytes > kMostHeaderBytes) {
    transfer.cut = true;
    return 0;
  }
  const auto line = trim(std::string_view(bytes, size));
  if (transfer.answer.status != 0) return size;  // trailers
  if (line.empty()) {
    // The end of a head. 1xx is not yet the answer.
    if (transfer.seen_status >= 200) transfer.answer.status = transfer.seen_status;
  } else if (const int status = status_of(line); status != 0) {
    transfer.seen_status = status;
    transfer.answer.headers.clear();
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    transfer.answer.headers.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  return size;
}

std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* into) {
  auto& transfer = *static_cast<Transfer*>(into);
  auto& body = transfer.answer.body;
  const auto kept = std::min(size, transfer.request.most_bytes - body.size());
  body.append(bytes, kept);
  transfer.drained += size - kept;
  if (transfer.drained <= kMostDrained) return size;
  transfer.cut = true;
  return 0;
}

// After the name was resolved, for the address that is about to be connected to.
curl_socket_t open_socket(void* into, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(into);
  const auto text = text_of(address->addr);
  if (!transfer.guard.may_reach(text)) {
    transfer.forbidden = text.empty() ? "of this kind" : text;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// What the end of the transfer means.
void judge(Transfer& transfer, CURLcode code) {
  auto& answer = transfer.answer;
  curl_off_t micros = 0;
  curl_easy_getinfo(transfer.handle.get(), CURLINFO_TOTAL_TIME_T, &micros);
  answer.took = milliseconds((micros + 500) / 1000);
  answer.whole = code == CURLE_OK && answer.status != 0 && transfer.drained == 0;
  if (answer.status == 0) answer.headers.clear();
  if (answer.whole) return;
  if (transfer.drained > 0 || (transfer.cut && answer.status != 0)) {
    answer.error = "the answer is too large";
  } else if (transfer.cut) {
    answer.error = "the head of the answer is too large";
  } else if (!transfer.forbidden.empty()) {
    answer.forbidden = true;
    answer.error = "the address " + transfer.forbidden + " is not one that may be reached";
  } else if (code == CURLE_OK) {
    answer.error = "the answer has no status";
  } else {
    answer.error = transfer.explained[0] != '\0' ? transfer.explained.data() : curl_easy_strerror(code);
  }
}

}  // namespace

std::string_view OutboundAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equals_ignore_case(key, name)) return value;
  }
  return {};
}

class HttpClient::Engine {
 public:
  explicit Engine(HttpClientSettings settings) : settings_(std::move(settings)) {
    static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
    static_cast<void>(initialised);
    multi_.reset(curl_multi_init());
    if (!multi_) throw std::runtime_error("libcurl does not start");
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(settings_.most_parallel));
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~Engine() { stop(); }

  void stop() {
    thread_.request_stop();
    curl_multi_wakeup(multi_.get());
    if (thread_.joinable()) thread_.join();
    std::deque<std::unique_ptr<Transfer>> left;
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      left.swap(waiting_);
    }
    for (auto& transfer : left) refuse(*transfer, kStopping);
  }

  void submit(OutboundRequest request, Done done) {
    auto transfer = std::make_unique<Transfer>(settings_.guard, std::move(request), std::move(done));
    const char* refusal = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) {
        refusal = kStopping;
      } else if (waiting_.size() >= settings_.most_waiting) {
        refusal = "too many requests to other servers are waiting";
      } else {
        waiting_.push_back(std::move(transfer));
      }
    }
    if (refusal != nullptr) return refuse(*transfer, refusal);
    curl_multi_wakeup(multi_.get());
  }

 private:
  static void refuse(Transfer& transfer, std::string reason) {
    transfer.answer = {};
    transfer.answer.error = std::move(reason);
    transfer.answer.abandoned = true;
    transfer.done(std::move(transfer.answer));
  }

  void run(const std::stop_token& stop);
  void start_waiting();
  void refuse_late();
  Easy take_handle();
  void prepare(Transfer& transfer);
  bool finish_ended();

  const HttpClientSettings settings_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
  // Of the thread alone.
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> running_;
  std::vector<Easy> idle_;

  std::mutex mutex_;
  std::deque<std::unique_ptr<Transfer>> waiting_;
  bool stopped_ = false;
  std::jthread thread_;
};

void HttpClient::Engine::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    refuse_late();
    start_waiting();
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    if (finish_ended()) continue;  // there may be room for those who wait
    curl_multi_poll(multi_.get(), nullptr, 0, kPoll, nullptr);
  }
  for (auto& [handle, transfer] : running_) {
    curl_multi_remove_handle(multi_.get(), handle);
    refuse(*transfer, kStopping);
  }
  running_.clear();
}

// Those whose time is over before they had a place.
void HttpClient::Engine::refuse_late() {
  std::vector<std::unique_ptr<Transfer>> late;
  {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    const auto in_time = [now](const auto& transfer) { return transfer->deadline > now; };
    const auto end = std::stable_partition(waiting_.begin(), waiting_.end(), in_time);
    late.assign(std::make_move_iterator(end), std::make_move_iterator(waiting_.end()));
    waiting_.erase(end, waiting_.end());
  }
  for (auto& transfer : late) refuse(*transfer, "other servers took all the time there was");
}

void HttpClient::Engine::start_waiting() {
  std::vector<std::unique_ptr<Transfer>> begin;
  {
    const std::lock_guard lock(mutex_);
    while (!waiting_.empty() && running_.size() + begin.size() < settings_.most_parallel) {
      begin.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
  }
  for (auto& transfer : begin) {
    transfer->handle = take_handle();
    if (!transfer->handle) {
      refuse(*transfer, "libcurl does not start");
      continue;
    }
    prepare(*transfer);
    CURL* handle = transfer->handle.get();
    if (curl_multi_add_handle(multi_.get(), handle) == CURLM_OK) {
      running_.emplace(handle, std::move(transfer));
    } else {
      refuse(*transfer, "libcurl takes no more requests");
    }
  }
}

Easy HttpClient::Engine::take_handle() {
  if (idle_.empty()) return Easy(curl_easy_init());
  auto handle = std::move(idle_.back());
  idle_.pop_back();
  return handle;
}

void HttpClient::Engine::prepare(Transfer& transfer) {
  const auto& request = transfer.request;
  CURL* handle = transfer.handle.get();
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "latchkey/" LATCHKEY_VERSION);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, settings_.allow_http ? "http,https" : "https");
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  // Otherwise a name server that does not answer would hold up the thread, and with it everybody.
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_patience.count()));
  const auto left = std::chrono::ceil<milliseconds>(transfer.deadline - std::chrono::steady_clock::now());
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max(left, milliseconds(1)).count()));
  curl_easy_setopt(handle, CURLOPT_MAXLIFETIME_CONN, kLongestConnection);
  curl_easy_setopt(handle, CURLOPT_MAXAGE_CONN, kLongestIdle);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, transfer.explained.data());
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
  if (!settings_.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, settings_.ca_file.c_str());
  if (settings_.names) {
    for (const auto& line : settings_.names()) append(transfer.names, line);
    curl_easy_setopt(handle, CURLOPT_RESOLVE, transfer.names.get());
  }
  for (const auto& [name, value] : request.headers) append(transfer.header_lines, name + ": " + value);
  if (request.method == "POST") {
    append(transfer.header_lines, "Expect:");  // not sent: the receiver need not be asked first
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  if (transfer.header_lines) curl_easy_setopt(handle, CURLOPT_HTTPHEADER, transfer.header_lines.get());
}

// Whether any ended.
bool HttpClient::Engine::finish_ended() {
  bool any = false;
  int left = 0;
  while (const auto* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    any = true;
    const auto code = message->data.result;
    auto found = running_.extract(message->easy_handle);
    auto transfer = std::move(found.mapped());
    CURL* handle = transfer->handle.get();
    judge(*transfer, code);
    curl_multi_remove_handle(multi_.get(), handle);
    if (idle_.size() < kMostIdleHandles) {
      curl_easy_reset(handle);  // keeps nothing of the request
      idle_.push_back(std::move(transfer->handle));
    }
    transfer->done(std::move(transfer->answer));
  }
  return any;
}

HttpClient::HttpClient(HttpClientSettings settings)
    : engine_(std::make_unique<Engine>(std::move(settings))) {}
HttpClient::~HttpClient() = default;

void HttpClient::stop() {
  engine_->stop();
}

void HttpClient::send(OutboundRequest request, Done done) {
  engine_->submit(std::move(request), std::move(done));
}

awaitable<OutboundAnswer> HttpClient::send(OutboundRequest request) {
  using Token = boost::asio::use_awaitable_t<Executor>;
  auto start = [this, &request](auto handler) {
    auto executor = boost::asio::get_associated_executor(handler);
    auto guard = boost::asio::prefer(executor, boost::asio::execution::outstanding_work.tracked);
    // std::function copies what it holds; the handler cannot be copied.
    auto held = std::make_shared<decltype(handler)>(std::move(handler));
    send(std::move(request), [guard, held](OutboundAnswer answer) {
      auto resume = [held, kept = std::move(answer)]() mutable {
        std::move (*held)(std::exception_ptr(), std::move(kept));
      };
      boost::asio::post(guard, std::move(resume));
    });
  };
  co_return co_await boost::asio::async_initiate<const Token, void(std::exception_ptr, OutboundAnswer)>(
      start, Token{});
}

}  // namespace latchkey::io
