#include "io/request_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>
#include <optional>

#include "base/text.h"
#include "io/header_scan.h"

namespace latchkey::io {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

// A length that a client merely announces claims no more memory than this.
constexpr std::uint64_t kMostReserved = 64 * 1024;

constexpr auto kHostCharacters = [] {
  std::array<bool, 256> allowed{};
  for (char c :
       std::string_view{"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:[]%!$&'()*+;="}) {
    allowed[static_cast<unsigned char>(c)] = true;
  }
  return allowed;
}();

bool is_host_character(char c) {
  return kHostCharacters[static_cast<unsigned char>(c)];
}

bool is_target_character(char c) {
  return c > 0x20 && c < 0x7f && c != '#';
}

std::string_view own(string_view text) {
  return {text.data(), text.size()};
}

// Whether a request line that Beast refused for its version is otherwise one: METHOD target HTTP/digit.digit.
bool names_other_version(std::string_view header) {
  auto line = header.substr(0, header.find("\r\n"));
  if (std::ranges::count(line, ' ') != 2) return false;
  auto version = line.substr(line.rfind(' ') + 1);
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.size() == 8 && version.starts_with("HTTP/") && digit(version[5]) && version[6] == '.' &&
         digit(version[7]);
}

}  // namespace

class RequestParser::Message {
 public:
  explicit Message(const HttpSettings& from) : settings(from) {}

  // Beast's state machine, filling our Request. Hooks that refuse leave the reason and set any error.
  class Machine final : public http::basic_parser<true> {
   public:
    explicit Machine(Message& owner) : owner_(owner) {
      eager(true);
      header_limit(std::numeric_limits<std::uint32_t>::max());  // HeaderScan keeps the limit
      body_limit(owner.settings.max_body_bytes);
    }

   private:
    using Text = boost::beast::string_view;  // Boost's own type, which converts to std's

    void on_request_impl(http::verb, Text method, Text target, int version, error_code& failed) override {
      owner_.take_request_line(own(method), own(target), version);
      pass_on(failed);
    }
    void on_field_impl(http::field name_code, Text name, Text value, error_code& failed) override {
      owner_.take_field(name_code, own(name), own(value));
      pass_on(failed);
    }
    void on_header_impl(error_code& failed) override {
      owner_.take_header_end();
      pass_on(failed);
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
      if (length) owner_.request->body.reserve(std::min(*length, kMostReserved));
    }
    std::size_t on_body_impl(Text part, error_code&) override {
      owner_.request->body.append(part.data(), part.size());
      return part.size();
    }
    void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, Text part, error_code&) override {
      owner_.request->body.append(part.data(), part.size());
      return part.size();
    }
    void on_response_impl(int, Text, int, error_code&) override {}
    void on_finish_impl(error_code&) override {}

    void pass_on(error_code& failed) const {
      if (owner_.refusal) failed = http::error::bad_value;
    }

    Message& owner_;
  };

  void begin(Request& into) {
    request = &into;
    machine.emplace(*this);
    scan.restart();
    refusal.reset();
    authority.reset();
    hosts = fields = lengths = 0;
    http11 = expects_continue = header_done = false;
  }

  void refuse(int status, std::string message) {
    if (!refusal) refusal = Refusal{status, std::move(message)};
  }

  void take_request_line(std::string_view method, std::string_view target, int version) {
    http11 = version >= 11;
    request->method = method;
    if (target.size() > settings.max_target_bytes) return refuse_long_target();
    if (!std::ranges::all_of(target, is_target_character)) {
      return refuse(400,
                    "the request target holds a character that is not allowed in a URL; percent-encode it");
    }
    if (target.starts_with('/')) {
      request->target = target;
    } else if (target == "*" && method == "OPTIONS") {
      request->target = target;
    } else {
      take_absolute_target(target);
    }
  }

  void take_absolute_target(std::string_view target) {
    auto scheme_end = target.find("://");
    auto scheme = target.substr(0, std::min(scheme_end, target.size()));
    if (scheme_end == std::string_view::npos ||
        !(equals_ignore_case(scheme, "http") || equals_ignore_case(scheme, "https"))) {
      return refuse(400, "the request target must be a path that starts with /");
    }
    auto rest = target.substr(scheme_end + 3);
    auto named = rest.substr(0, rest.find_first_of("/?"));
    if (named.empty() || !std::ranges::all_of(named, is_host_character)) {
      return refuse(400, "the host in the request target is malformed");
    }
    authority = named;
    rest.remove_prefix(named.size());
    request->target = rest.starts_with('/') ? "" : "/";
    request->target += rest;
  }

  void take_field(http::field name_code, std::string_view name, std::string_view value) {
    if (++fields > settings.max_header_count) {
      return refuse(431,
                    fmt::format("more than the limit of {} headers; send fewer", settings.max_header_count));
    }
    if (header_done) return;  // a trailer: nothing here needs one, and none may change the request afterwards
    switch (name_code) {
      case http::field::host:
        take_host(value);
        break;
      case http::field::content_length:
        // Beast lets equal lengths pass. A sender that cannot count them once is not trusted to count bytes.
        if (++lengths > 1 || value.find(',') != std::string_view::npos) {
          return refuse(400, "more than one Content-Length; send it once");
        }
        break;
      case http::field::transfer_encoding:
        if (!http11) return refuse(400, "Transfer-Encoding needs HTTP/1.1");
        if (!equals_ignore_case(value, "chunked")) {
          return refuse(501, "the transfer coding is not supported; send chunked or Content-Length");
        }
        break;
      case http::field::expect:
        if (!equals_ignore_case(value, "100-continue")) {
          return refuse(417, "the expectation is not supported; send Expect: 100-continue or none");
        }
        expects_continue = http11;
        break;
      default:
        break;
    }
    request->headers.push_back({std::string(name), std::string(value)});
  }

  void take_host(std::string_view value) {
    if (++hosts > 1) return refuse(400, "more than one Host header; send it once");
    if (!std::ranges::all_of(value, is_host_character)) refuse(400, "the Host header is malformed");
  }

  void take_header_end() {
    header_done = true;
    if (http11 && hosts == 0) return refuse(400, "the Host header is missing; HTTP/1.1 needs it");
    if (!authority) return;
    // RFC 9112 section 3.2.2: the host of an absolute target stands above the header.
    auto is_host = [](const Header& header) { return equals_ignore_case(header.name, "Host"); };
    auto host = std::ranges::find_if(request->headers, is_host);
    if (host != request->headers.end()) {
      host->value = *authority;
    } else {
      request->headers.push_back({"Host", *authority});
    }
  }

  void refuse_long_target() {
    refuse(414, fmt::format("the request target is over the limit of {} bytes; shorten it",
                            settings.max_target_bytes));
  }

  void refuse_long_header() {
    refuse(431,
           fmt::format("the headers are over the limit of {} bytes; send less", settings.max_header_bytes));
  }

  void refuse_for(const error_code& failed, std::string_view header) {
    switch (static_cast<http::error>(failed.value())) {
      case http::error::body_limit:
        return refuse(
            413, fmt::format("the body is over the limit of {} bytes; send less", settings.max_body_bytes));
      case http::error::bad_version:
        if (names_other_version(header))
          return refuse(505, "this HTTP version is not supported; use HTTP/1.1");
        return refuse(400, "the request line is malformed; send METHOD target HTTP/1.1");
      case http::error::bad_method:
      case http::error::bad_target:
        return refuse(400, "the request line is malformed; send METHOD target HTTP/1.1");
      case http::error::bad_field:
        return refuse(400, "a header name is malformed; send Name: value without a space before the colon");
      case http::error::bad_content_length:
      case http::error::multiple_content_length:
        return refuse(400, "the Content-Length is malformed, or given beside Transfer-Encoding");
      case http::error::bad_transfer_encoding:
        return refuse(400, "Transfer-Encoding is given twice, or beside Content-Length; send one of them");
      case http::error::bad_chunk:
      case http::error::bad_chunk_extension:
        return refuse(400, "a chunk of the body is malformed");
      default:
        return refuse(400, "the request is malformed");
    }
  }

  Progress feed_header(std::string_view bytes, std::size_t& consumed) {
    if (bytes.starts_with("\r\n")) {  // RFC 9112 section 2.2: an empty line before the request is skipped
      consumed = 2;
      return Progress::needs_more;
    }
    if (bytes == "\r") return Progress::needs_more;
    auto verdict = scan.look(bytes);
    if (verdict == HeaderScan::Verdict::refused) {
      refuse(400, std::string(scan.problem()));
      return Progress::refused;
    }
    auto complete = verdict == HeaderScan::Verdict::complete;
    if ((complete ? scan.size() : bytes.size() + 1) > settings.max_header_bytes) {
      bytes.find("\r\n") > settings.max_target_bytes ? refuse_long_target() : refuse_long_header();
      return Progress::refused;
    }
    if (!complete) return Progress::needs_more;
    auto header = bytes.substr(0, scan.size());
    error_code failed;
    consumed = machine->put(boost::asio::const_buffer(header.data(), header.size()), failed);
    if (failed && failed != http::error::need_more) refuse_for(failed, header);
    // The scan found the end, so whatever Beast still waits for is a disagreement about where that is.
    if (!refusal && !machine->is_header_done()) refuse(400, "the request is malformed");
    return refusal ? Progress::refused : Progress::header_done;
  }

  Progress feed_body(std::string_view bytes, std::size_t& consumed) {
    if (machine->is_done()) return Progress::done;
    if (bytes.empty()) return Progress::needs_more;
    error_code failed;
    consumed = machine->put(boost::asio::const_buffer(bytes.data(), bytes.size()), failed);
    if (failed && failed != http::error::need_more) refuse_for(failed, {});
    if (refusal) return Progress::refused;
    return machine->is_done() ? Progress::done : Progress::needs_more;
  }

  const HttpSettings& settings;
  Request* request = nullptr;
  std::optional<Machine> machine;
  HeaderScan scan;
  std::optional<Refusal> refusal;
  std::optional<std::string> authority;
  std::size_t hosts = 0;
  std::size_t fields = 0;
  std::size_t lengths = 0;
  bool http11 = false;
  bool expects_continue = false;
  bool header_done = false;
};

RequestParser::RequestParser(const HttpSettings& settings) : message_(std::make_unique<Message>(settings)) {}

RequestParser::~RequestParser() = default;

void RequestParser::begin(Request& request) {
  message_->begin(request);
}

RequestParser::Progress RequestParser::feed(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  return message_->header_done ? message_->feed_body(bytes, consumed)
                               : message_->feed_header(bytes, consumed);
}

bool RequestParser::header_done() const {
  return message_->header_done;
}

bool RequestParser::keep_alive() const {
  return message_->http11 && message_->machine->keep_alive();
}

bool RequestParser::expects_continue() const {
  return message_->expects_continue && !message_->machine->is_done();
}

const Refusal& RequestParser::refusal() const {
  return *message_->refusal;
}

}  // namespace latchkey::io
