#include "io/fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <memory>
#include <optional>

#include "base/text.h"

namespace latchkey::io {
namespace {

constexpr std::size_t kThreads = 4;
constexpr std::size_t kMostWaiting = 256;

struct FreeCurl {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

struct Transfer {
  const AddressGuard& guard;
  std::stop_token stop;
  std::size_t most_bytes;
  std::string body;
  seconds fresh_for{0};
  std::string forbidden;  // the address that the guard refused
  bool too_large = false;
};

std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* into) {
  auto& transfer = *static_cast<Transfer*>(into);
  transfer.too_large = transfer.body.size() + size > transfer.most_bytes;
  if (transfer.too_large) return 0;
  transfer.body.append(bytes, size);
  return size;
}

seconds max_age_of(std::string_view cache_control) {
  for (const auto part : split(cache_control, ',')) {
    const auto word = trim(part);
    if (equals_ignore_case(word, "no-store") || equals_ignore_case(word, "no-cache")) return seconds{0};
  }
  for (const auto part : split(cache_control, ',')) {
    const auto word = to_lower(trim(part));
    constexpr std::string_view kName = "max-age=";
    if (!word.starts_with(kName)) continue;
    std::int64_t count = 0;
    const auto [end, failed] = std::from_chars(word.data() + kName.size(), word.data() + word.size(), count);
    if (failed == std::errc{} && count > 0) return seconds{count};
  }
  return seconds{0};
}

std::size_t take_header(char* bytes, std::size_t, std::size_t size, void* into) {
  const std::string_view line(bytes, size);
  constexpr std::string_view kName = "cache-control:";
  if (line.size() > kName.size() && equals_ignore_case(line.substr(0, kName.size()), kName)) {
    static_cast<Transfer*>(into)->fresh_for = max_age_of(line.substr(kName.size()));
  }
  return size;
}

int stops(void* transfer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(transfer)->stop.stop_requested() ? 1 : 0;
}

std::string text_of(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address.sa_family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  if (address.sa_family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  if (bytes == nullptr || inet_ntop(address.sa_family, bytes, text.data(), text.size()) == nullptr) return {};
  return text.data();
}

// After the name was resolved, for the address that is about to be connected to.
curl_socket_t open_socket(void* into, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(into);
  const auto text = text_of(address->addr);
  if (!transfer.guard.may_reach(text)) {
    transfer.forbidden = text;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace

Fetcher::Fetcher(FetchSettings settings) : settings_(std::move(settings)) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(initialised);
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

Fetcher::~Fetcher() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
  for (auto& job : jobs_) job.done(unavailable("the server is stopping"));
}

awaitable<Result<FetchedDocument>> Fetcher::fetch(FetchRequest request) {
  using Token = boost::asio::use_awaitable_t<Executor>;
  auto start = [this, &request](auto handler) {
    auto executor = boost::asio::get_associated_executor(handler);
    auto guard = boost::asio::prefer(executor, boost::asio::execution::outstanding_work.tracked);
    // std::function copies what it holds; the handler cannot be copied.
    auto held = std::make_shared<decltype(handler)>(std::move(handler));
    submit({std::move(request), [guard, held](Result<FetchedDocument> result) {
              auto resume = [held, kept = std::optional(std::move(result))]() mutable {
                std::move (*held)(std::exception_ptr(), std::move(kept));
              };
              boost::asio::post(guard, std::move(resume));
            }});
  };
  auto result =
      co_await boost::asio::async_initiate<const Token,
                                           void(std::exception_ptr, std::optional<Result<FetchedDocument>>)>(
          start, Token{});
  co_return std::move(*result);
}

void Fetcher::submit(Job job) {
  job.deadline = std::chrono::steady_clock::now() + job.request.patience;
  {
    const std::lock_guard lock(mutex_);
    if (jobs_.size() < kMostWaiting) {
      jobs_.push_back(std::move(job));
      wake_.notify_one();
      return;
    }
  }
  job.done(unavailable("too many requests to other servers are waiting"));
}

void Fetcher::work(const std::stop_token& stop) {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [this] { return !jobs_.empty(); })) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job.done(perform(job, stop));
  }
}

Result<FetchedDocument> Fetcher::perform(const Job& job, const std::stop_token& stop) const {
  const auto& request = job.request;
  const auto left = duration_cast<milliseconds>(job.deadline - std::chrono::steady_clock::now());
  if (left <= milliseconds{0}) return unavailable("other servers took all the time there was");
  const std::unique_ptr<CURL, FreeCurl> owned(curl_easy_init());
  if (!owned) return unavailable("libcurl does not start");
  CURL* handle = owned.get();
  Transfer transfer{settings_.guard, stop, request.most_bytes, {}, seconds{0}, {}, false};
  std::array<char, CURL_ERROR_SIZE> explained{};
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "latchkey/" LATCHKEY_VERSION);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, settings_.allow_http ? "http,https" : "https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
  curl_easy_setopt(handle, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.most_bytes));
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, explained.data());
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, stops);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
  if (!settings_.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, settings_.ca_file.c_str());
  const auto code = curl_easy_perform(handle);
  if (transfer.too_large || code == CURLE_FILESIZE_EXCEEDED) return unavailable("the answer is too large");
  if (code != CURLE_OK && !transfer.forbidden.empty()) {
    return unavailable("the address " + transfer.forbidden + " is not one that may be reached");
  }
  if (code != CURLE_OK) {
    return unavailable(explained[0] != '\0' ? explained.data() : curl_easy_strerror(code));
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return unavailable("the answer has the status " + std::to_string(status));
  return FetchedDocument{std::move(transfer.body), transfer.fresh_for};
}

}  // namespace latchkey::io
