#include "io/response_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "base/text.h"

namespace latchkey::io {
namespace {

std::string_view reason_of(int status) {
  switch (status) {
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}

bool is_value_character(char c) {
  return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t';
}

void check_value(std::string_view name, std::string_view value) {
  if (std::ranges::find_if_not(value, is_value_character) == value.end()) return;
  // The value itself may be a stranger's text: it stays out of the message.
  throw std::logic_error("control character in the response header " + std::string(name));
}

void check_name(std::string_view name) {
  if (name.empty() || !std::ranges::all_of(name, is_name_character)) {
    throw std::logic_error("malformed name of a response header");
  }
  constexpr std::array<std::string_view, 6> kOurs = {
      "Content-Length", "Transfer-Encoding", "Connection", "Content-Type", "Date", "X-Request-Id"};
  auto same = [name](std::string_view ours) { return equals_ignore_case(ours, name); };
  if (std::ranges::any_of(kOurs, same)) {
    throw std::logic_error("a handler may not set the response header " + std::string(name));
  }
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

}  // namespace

Response error_response(int status, std::string_view message) {
  Response response;
  response.status = status;
  response.body.append(R"({"message":")").append(message).append(R"("})");
  return response;
}

std::string_view ResponseWriter::date_line() {
  auto now = std::time(nullptr);
  if (now != date_second_) {
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, 64> text;
    // RFC 9110 section 5.6.7. The server never sets a locale, so the names are English.
    auto size = std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
    date_line_.assign(text.data(), size);
    date_second_ = now;
  }
  return date_line_;
}

void ResponseWriter::write(std::string& out, const Response& response, const Framing& framing) {
  const bool switches = response.status == 101 && response.takeover;
  if (!switches && (response.status < 200 || response.status > 599))
    throw std::logic_error("impossible status of a response");
  auto bodiless = response.status == 204 || response.status == 304;
  out.clear();
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(response.status));
  out.append(" ").append(reason_of(response.status)).append("\r\n").append(date_line());
  if (!bodiless && !switches) {
    if (!response.content_type.empty()) {
      check_value("Content-Type", response.content_type);
      out.append("Content-Type: ").append(response.content_type).append("\r\n");
    }
    out.append("Content-Length: ");
    append_number(out, response.body.size());
    out.append("\r\n");
  }
  out.append("X-Request-Id: ").append(framing.request_id).append("\r\n");
  for (const auto& header : response.headers) {
    check_name(header.name);
    check_value(header.name, header.value);
    if (response.sensitive && equals_ignore_case(header.name, "Cache-Control")) continue;
    out.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  if (response.sensitive) out.append("Cache-Control: no-store\r\n");
  if (switches) {
    out.append("Connection: Upgrade\r\n");
  } else if (framing.close) {
    out.append("Connection: close\r\n");
  }
  out.append("\r\n");
  if (!bodiless && !framing.head_only) out.append(response.body);
}

}  // namespace latchkey::io
