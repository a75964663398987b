// Turns received bytes into a Request, strictly: what two parsers could read in two ways is refused, since
// that is how a request is smuggled past a proxy (RFC 9112, sections 5.2, 6.3 and 11.2).
//
//   parser.begin(request);
//   auto progress = parser.feed(bytes, consumed);   // bytes: all that is not consumed yet
//
// Reusable, one request after another. The request must stay where it is from begin() to the end.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "io/http_server.h"

namespace latchkey::io {

// Why a request is not served, as it is told to the client.
struct Refusal {
  int status = 400;
  std::string message;
};

class RequestParser {
 public:
  enum class Progress { needs_more, header_done, done, refused };

  explicit RequestParser(const HttpSettings& settings);
  ~RequestParser();

  void begin(Request& request);
  // Returns header_done once, after the last header and before the first byte of a body.
  Progress feed(std::string_view bytes, std::size_t& consumed);

  bool header_done() const;
  // After header_done.
  bool keep_alive() const;
  bool expects_continue() const;
  // After refused. The framing of what follows is unknown: the connection must end.
  const Refusal& refusal() const;

 private:
  class Message;
  std::unique_ptr<Message> message_;
};

}  // namespace latchkey::io
