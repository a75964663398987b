// An HTTP/2 connection with any client: bytes arrive in pieces, and a handler answers whole, large, piece by
// piece, late or never. The first byte chooses the pieces and whether the client begins as it should; after
// that each piece of the rest is a step. However it goes, memory stays bounded, a stream's end is told once,
// and a connection that is over has nothing more to say.
#include <map>
#include <memory>
#include <vector>

#include "io/http2_session.h"
#include "require.h"

namespace {

using namespace latchkey;
using namespace latchkey::io;

constexpr std::string_view kGreeting{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33};
constexpr std::size_t kLargeAnswer = 300'000;
constexpr std::size_t kMostOutput = 64UL * 1024 + 2 * 17'000;

Http2Limits small_limits() {
  Http2Limits limits;
  limits.max_concurrent_streams = 8;
  limits.max_header_bytes = 512;
  limits.max_header_count = 10;
  limits.max_body_bytes = 256;
  limits.max_bodies_bytes = 1024;
  limits.max_unsent_bytes = 500'000;
  limits.max_cancelled = 4;
  return limits;
}

Response text_response(std::size_t size) {
  Response response;
  response.content_type = "text/plain";
  response.body.assign(size, 'x');
  return response;
}

class Server {
 public:
  Server() {
    session_->on_output([] {});
  }

  void step(std::string_view bytes, bool reading) {
    (void)session_->receive(bytes);
    for (auto& stream : session_->take_requests()) {
      check(stream->request());
      fuzz::require(stream->is_open(), "a request that is handed out can be answered");
      auto& ends = ends_.emplace_back(std::make_shared<int>(0));
      stream->on_close([ends] { ++*ends; });
      begin(stream);
      kept_.push_back(stream);
    }
    go_on();
    fuzz::require(session_->open_streams() <= limits_.max_concurrent_streams, "streams are bounded");
    fuzz::require(
        session_->unsent() <= limits_.max_unsent_bytes + limits_.max_concurrent_streams * kLargeAnswer,
        "what is unsent is bounded");
    fuzz::require(session_->bodies_bytes() <= limits_.max_bodies_bytes, "bodies are bounded");
    if (reading) drain();
  }

  void end() {
    drain();
    const bool over = session_->is_over();
    std::string out;
    fuzz::require(!session_->send(out), "what is sent has an end");
    if (over) {
      for (const auto& stream : kept_) stream->finish();
      fuzz::require(!session_->send(out) && out.empty(), "a connection that is over says nothing more");
    }
    session_.reset();
    for (const auto& ends : ends_) fuzz::require(*ends == 1, "a stream's end is told once");
    for (const auto& stream : kept_) {
      fuzz::require(!stream->is_open() && stream->unsent() == 0, "nothing is open after the end");
      stream->respond(text_response(1));
      stream->push(std::make_shared<const std::string>("late"));
      stream->finish();
    }
  }

 private:
  void check(const Request& request) const {
    std::size_t bytes = request.method.size() + request.target.size();
    for (const auto& header : request.headers) bytes += header.value.size();
    fuzz::require(bytes <= limits_.max_header_bytes, "headers are bounded");
    fuzz::require(request.headers.size() <= limits_.max_header_count, "headers are few");
    fuzz::require(request.body.size() <= limits_.max_body_bytes, "a body is bounded");
    fuzz::require(!request.method.empty() && !request.target.empty(), "a request is whole");
  }

  void begin(const std::shared_ptr<Http2Stream>& stream) {
    switch (++requests_ % 5) {
      case 0:
        return stream->respond(text_response(requests_ % 100));
      case 1:
        return stream->respond(text_response(kLargeAnswer));
      case 2:
        stream->begin(200, "text/plain");
        return stream->push(std::make_shared<const std::string>("piece"));
      case 3: {
        auto refusal = text_response(0);
        refusal.status = 204;
        return stream->respond(refusal);
      }
      default:
        return;  // later, or never
    }
  }

  // What handlers do that are on their way.
  void go_on() {
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (!kept_[i]->is_open()) continue;
      fuzz::require(kept_[i]->unsent() <= kLargeAnswer + 100'000, "what is unsent is bounded");
      switch ((i + ++turns_) % 7) {
        case 0:
          if (kept_[i]->unsent() == 0) kept_[i]->push(std::make_shared<const std::string>(70'000, 'p'));
          break;
        case 1:
          kept_[i]->finish();
          break;
        case 2:
          kept_[i]->respond(text_response(3));
          break;
        default:
          break;
      }
    }
  }

  void drain() {
    for (std::string out;; out.clear()) {
      const bool more = session_->send(out);
      fuzz::require(more == !out.empty(), "send() says whether it gave something");
      fuzz::require(out.size() <= kMostOutput, "output is handed out in bounded pieces");
      if (!more) return;
    }
  }

  Http2Limits limits_ = small_limits();
  std::unique_ptr<Http2Session> session_ = std::make_unique<Http2Session>(limits_);
  std::vector<std::shared_ptr<Http2Stream>> kept_;
  std::vector<std::shared_ptr<int>> ends_;
  std::size_t requests_ = 0;
  std::size_t turns_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices choices(fuzz::text_of(data, size));
  const auto first = choices.byte();
  const std::size_t piece = (first & 0x3f) * 5UL + 1;
  Server server;
  if ((first & 0x40) == 0) server.step(kGreeting, true);
  while (!choices.empty()) server.step(choices.bytes(piece), (first & 0x80) == 0);
  server.end();
  return 0;
}
