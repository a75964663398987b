// Writes an answer as one text, status line to body, ready for one write.
//
// Belongs to one thread: the date is made once a second and kept.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "io/http.h"

namespace latchkey::io {

// {"message":"..."}, the shape of every error of this server. The message is ours: plain ASCII without
// quotes.
Response error_response(int status, std::string_view message);

class ResponseWriter {
 public:
  struct Framing {
    std::string_view request_id;
    bool close = false;      // tell the client that this connection ends
    bool head_only = false;  // an answer to HEAD: the length of the body, not the body
  };

  // Replaces `out`. Throws std::logic_error when the response would not be one well-formed message: a line
  // break in a header, a header that is the writer's to set, an impossible status.
  void write(std::string& out, const Response& response, const Framing& framing);

 private:
  std::string_view date_line();

  std::time_t date_second_ = 0;
  std::string date_line_;
};

}  // namespace latchkey::io
