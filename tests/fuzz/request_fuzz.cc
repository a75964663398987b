// From bytes on a connection to an answer: the strict parser, then the router, authentication and handlers.
// The first byte chooses in what pieces the rest arrives and through which door; the rest are requests, one
// after another.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "fuzz_world.h"
#include "http/application.h"
#include "http/router.h"
#include "http/routes.h"
#include "io/request_parser.h"
#include "io/response_writer.h"

namespace {

using namespace latchkey;
using Progress = io::RequestParser::Progress;

constexpr std::size_t kMostRequests = 4;

// Small, so that small inputs meet them.
io::HttpSettings small_limits() {
  io::HttpSettings settings;
  settings.max_header_bytes = 1024;
  settings.max_header_count = 12;
  settings.max_target_bytes = 256;
  settings.max_body_bytes = 1024;
  return settings;
}

struct Parsed {
  std::vector<io::Request> requests;
  int refused = 0;  // the status of a refusal
};

// As a connection does it: what was not consumed is offered again with what arrives.
Parsed parse(std::string_view bytes, std::size_t piece) {
  static const io::HttpSettings settings = small_limits();
  io::RequestParser parser(settings);
  Parsed parsed;
  std::size_t begin = 0;
  std::size_t end = std::min(piece, bytes.size());
  io::Request request;
  parser.begin(request);
  while (parsed.requests.size() < kMostRequests) {
    std::size_t consumed = 0;
    const Progress progress = parser.feed(bytes.substr(begin, end - begin), consumed);
    fuzz::require(consumed <= end - begin, "the parser consumes what it was given");
    begin += consumed;
    if (progress == Progress::refused) {
      parsed.refused = parser.refusal().status;
      fuzz::require(!parser.refusal().message.empty(), "a refusal says what to change");
      return parsed;
    }
    if (progress == Progress::done) {
      const bool keep = parser.keep_alive();
      parsed.requests.push_back(std::move(request));
      request = {};
      if (!keep) return parsed;
      parser.begin(request);
      if (begin == end && end == bytes.size()) return parsed;
      continue;
    }
    if (progress == Progress::header_done || (consumed > 0 && begin < end)) continue;
    if (end == bytes.size()) return parsed;
    end = std::min(end + piece, bytes.size());
  }
  return parsed;
}

// 501 and 505 are what RFC 9110 has for a transfer coding and a version that a server does not know.
bool is_refusal(int status) {
  return (status >= 400 && status < 500) || status == 501 || status == 505;
}

bool same(const io::Request& a, const io::Request& b) {
  return a.method == b.method && a.target == b.target && a.body == b.body &&
         std::ranges::equal(a.headers, b.headers, [](const io::Header& x, const io::Header& y) {
           return x.name == y.name && x.value == y.value;
         });
}

fuzz::Form form_of(const http::Router& router, std::string_view path) {
  if (router.is_below(path, "scim/v2")) return fuzz::Form::scim;
  for (const char* top : {"", "auth", "invite", "register"}) {
    if (router.is_below(path, top)) return fuzz::Form::page;
  }
  return fuzz::Form::api;
}

// The parts behind the sockets, over the current world.
struct Doors {
  explicit Doors(testing::ApiWorld& api)
      : built_over(&api), application(api.context(), api.world.mint(), api.cache(), {}, metrics) {}

  testing::ApiWorld* built_over;
  Metrics metrics;
  http::Application application;
  http::Router router{http::routes()};
  io::Handler anyone = application.public_handler();
  io::Handler local = application.local_handler();
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  auto& world = fuzz::world();
  const std::string bytes = world.filled(fuzz::text_of(data + 1, size - 1));
  const bool locally = (data[0] & 0x80) != 0;
  const std::size_t piece = (data[0] & 0x7f) + 1;

  auto parsed = parse(bytes, bytes.size() + 1);
  const auto again = parse(bytes, piece);
  fuzz::require(parsed.requests.size() == again.requests.size() &&
                    std::ranges::equal(parsed.requests, again.requests, same) &&
                    (parsed.refused == 0) == (again.refused == 0),
                "how bytes are cut into pieces does not change what they say");
  fuzz::require(parsed.refused == 0 || is_refusal(parsed.refused),
                "what cannot be parsed is the client's mistake");

  static std::unique_ptr<Doors> doors;
  if (!doors || doors->built_over != &world.api) doors = std::make_unique<Doors>(world.api);
  for (auto& request : parsed.requests) {
    request.id = "0123456789abcdef";
    request.peer.address = "192.0.2.7";
    request.peer.local_socket = locally;
    const auto response = fuzz::run((locally ? doors->local : doors->anyone)(request));
    fuzz::check_answer(response, form_of(doors->router, request.path()));
    io::ResponseWriter writer;
    std::string out;
    writer.write(out, response, {request.id, false, request.method == "HEAD"});
    fuzz::require(out.starts_with("HTTP/1.1 "), "an answer can be written");
  }
  return 0;
}
