#include "app/api_client.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "io/socket_path.h"

namespace latchkey::app {
namespace {

constexpr std::size_t kLargestAnswer = 512U << 20;  // a million keys
constexpr long kConnectSeconds = 10;

// Gives JSON values memory that is wiped on release.
class WipingMemory final : public boost::json::memory_resource {
  void* do_allocate(std::size_t size, std::size_t) override { return ::operator new(size); }
  void do_deallocate(void* memory, std::size_t size, std::size_t) override {
    wipe(memory, size);
    ::operator delete(memory);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

struct CurlLibrary {
  CurlLibrary() { curl_global_init(CURL_GLOBAL_DEFAULT); }
  ~CurlLibrary() { curl_global_cleanup(); }
};

struct FreeCurl {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(char* text) const { curl_free(text); }
};

// What of an answer has arrived: wiped as it grows and when it ends.
struct Body {
  std::string bytes;
  bool too_large = false;

  ~Body() { wipe(bytes.data(), bytes.size()); }

  void append(const char* data, std::size_t size) {
    if (bytes.capacity() < bytes.size() + size) {
      std::string grown;
      grown.reserve(std::max<std::size_t>(64U << 10, 2 * (bytes.size() + size)));
      grown += bytes;
      bytes.swap(grown);
      wipe(grown.data(), grown.size());
    }
    bytes.append(data, size);
  }
};

std::size_t collect(char* data, std::size_t, std::size_t size, void* into) {
  auto& body = *static_cast<Body*>(into);
  body.too_large = body.bytes.size() + size > kLargestAnswer;
  if (body.too_large) return 0;
  body.append(data, size);
  return size;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host.starts_with("127.") || host == "[::1]";
}

std::string part_of(const std::string& url, CURLUPart part) {
  const std::unique_ptr<CURLU, FreeCurl> parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
  char* text = nullptr;
  if (curl_url_get(parsed.get(), part, &text, 0) != CURLUE_OK) return {};
  const std::unique_ptr<char, FreeCurl> owned(text);
  return owned.get();
}

ErrorCode code_of(long status) {
  switch (status) {
    case 400:
      return ErrorCode::malformed_input;
    case 401:
      return ErrorCode::unauthenticated;
    case 403:
      return ErrorCode::forbidden;
    case 404:
      return ErrorCode::not_found;
    case 405:
      return ErrorCode::method_not_allowed;
    case 409:
      return ErrorCode::conflict;
    case 413:
      return ErrorCode::too_large;
    case 429:
      return ErrorCode::rate_limited;
    case 503:
      return ErrorCode::unavailable;
    default:
      return ErrorCode::internal;
  }
}

}  // namespace

ApiRequest request_for(std::string method, std::string path) {
  ApiRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  return request;
}

std::string Api::tailnet_path(std::string_view rest) const {
  return "/api/v2/tailnet/" + percent_encode(tailnet_) + std::string(rest);
}

std::string complaint_about_url(const std::string& url) {
  const auto scheme = part_of(url, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return "the server's address must be a URL such as http://127.0.0.1:8080 or https://keys.example.com";
  }
  if (!part_of(url, CURLUPART_USER).empty() || !part_of(url, CURLUPART_PASSWORD).empty()) {
    return "the server's address must not hold a user or a token: set LATCHKEY_TOKEN instead";
  }
  if (!part_of(url, CURLUPART_QUERY).empty() || !part_of(url, CURLUPART_FRAGMENT).empty()) {
    return "the server's address must not have a query or a fragment";
  }
  return {};
}

struct ApiClient::State {
  std::string base;    // without a slash at the end
  std::string shown;   // how messages call the server
  SecretString token;  // empty over the socket
  std::string ca_file;
  std::unique_ptr<io::SocketPath> socket;
  std::vector<std::string> headers;
  std::unique_ptr<CURL, FreeCurl> handle{curl_easy_init()};
  bool reached = false;

  Error failure(CURLcode code, const char* explained, const Body& body) const;
  Result<boost::json::value> read(const Body& body) const;
  Error refusal(long status, const Body& body) const;
};

ApiClient::ApiClient(std::string tailnet, std::unique_ptr<State> state)
    : Api(std::move(tailnet)), state_(std::move(state)) {}
ApiClient::~ApiClient() = default;

bool ApiClient::reached() const {
  return state_->reached;
}

Result<std::unique_ptr<ApiClient>> ApiClient::over_network(NetworkServer server) {
  static const CurlLibrary library;
  if (auto wrong = complaint_about_url(server.url); !wrong.empty()) return malformed(std::move(wrong));
  auto state = std::make_unique<State>();
  while (server.url.ends_with('/')) server.url.pop_back();
  state->base = server.url;
  state->shown = server.url;
  state->token = std::move(server.token);
  state->ca_file = std::move(server.ca_file);
  return std::unique_ptr<ApiClient>(new ApiClient(std::move(server.tailnet), std::move(state)));
}

Result<std::unique_ptr<ApiClient>> ApiClient::over_socket(LocalServer server) {
  static const CurlLibrary library;
  auto state = std::make_unique<State>();
  state->base = "http://localhost";
  state->shown = server.socket.string();
  state->socket = std::make_unique<io::SocketPath>(server.socket);
  if (!server.user.empty()) state->headers.push_back("X-Latchkey-User: " + server.user);
  if (!server.tailnet.empty()) state->headers.push_back("X-Latchkey-Tailnet: " + server.tailnet);
  return std::unique_ptr<ApiClient>(new ApiClient(std::move(server.tailnet), std::move(state)));
}

Error ApiClient::State::failure(CURLcode code, const char* explained, const Body& body) const {
  if (body.too_large) return Error{ErrorCode::too_large, "the answer is too large: ask for less", {}, {}};
  std::string reason = *explained != '\0' ? explained : curl_easy_strerror(code);
  if (code == CURLE_OPERATION_TIMEDOUT) return unavailable(shown + " did not answer in time");
  if (code == CURLE_PEER_FAILED_VERIFICATION) {
    return unavailable(fmt::format("the certificate of {} is not trusted: {}", shown, reason));
  }
  return unavailable(fmt::format("cannot reach {}: {}", shown, reason));
}

Result<boost::json::value> ApiClient::State::read(const Body& body) const {
  const auto memory = boost::json::make_shared_resource<WipingMemory>();
  if (trim(body.bytes).empty()) return boost::json::value(boost::json::object(memory));
  boost::json::error_code failed;
  auto value = boost::json::parse(body.bytes, failed, memory);
  if (failed) return unavailable(shown + " does not answer like a Latchkey server: its answer is not JSON");
  return value;
}

Error ApiClient::State::refusal(long status, const Body& body) const {
  Error error{code_of(status), fmt::format("{} answered with status {}", shown, status), {}, {}};
  if (status >= 300 && status < 400) {
    error.message = shown + " sends callers elsewhere: give the address that it sends them to";
    return error;
  }
  const auto value = read(body);
  if (!value || !value->is_object()) return error;
  const auto* message = value->get_object().if_contains("message");
  if (message != nullptr && message->is_string()) error.message = message->get_string().c_str();
  return error;
}

Result<boost::json::value> ApiClient::send(const ApiRequest& request) {
  CURL* handle = state_->handle.get();
  curl_easy_reset(handle);
  Body answer;
  char explained[CURL_ERROR_SIZE] = "";
  std::string url = state_->base + request.path;
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    url += separator + percent_encode(name) + "=" + percent_encode(value);
    separator = '&';
  }
  std::string sent;
  curl_slist* list = nullptr;
  for (const auto& header : state_->headers) list = curl_slist_append(list, header.c_str());
  if (request.list) {
    sent = boost::json::serialize(*request.list);
    list = curl_slist_append(list, "Content-Type: application/json");
  } else if (request.body) {
    sent = boost::json::serialize(*request.body);
    list = curl_slist_append(list, "Content-Type: application/json");
  } else if (!request.form.empty()) {
    for (const auto& [name, value] : request.form) {
      sent += (sent.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
    }
    list = curl_slist_append(list, "Content-Type: application/x-www-form-urlencoded");
  }
  if (!sent.empty()) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(sent.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, sent.c_str());
  }
  list = curl_slist_append(list, "Expect:");  // no round trip before the body
  const std::unique_ptr<curl_slist, FreeCurl> headers(list);

  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "latchkey/" LATCHKEY_VERSION);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, static_cast<long>(request.patience.count()));
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, explained);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
  if (!state_->ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, state_->ca_file.c_str());
  if (state_->socket) {
    curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, state_->socket->text().c_str());
  } else if (!state_->token.expose().empty()) {
    curl_easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(handle, CURLOPT_XOAUTH2_BEARER, state_->token.expose().c_str());
  }
  // A proxy of the environment is for the outside.
  if (state_->socket || is_loopback(part_of(state_->base, CURLUPART_HOST))) {
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
  }

  const CURLcode code = curl_easy_perform(handle);
  state_->reached = code != CURLE_COULDNT_CONNECT && code != CURLE_COULDNT_RESOLVE_HOST;
  if (code != CURLE_OK) return state_->failure(code, explained, answer);
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status > 299) return state_->refusal(status, answer);
  return state_->read(answer);
}

}  // namespace latchkey::app
