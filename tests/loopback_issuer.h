// A token issuer on the loopback, for tests that come over the wire: answers what it is told to, and counts
// who asks.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"
#include "io/http_server.h"
#include "io/runtime.h"
#include "testing/token_maker.h"

namespace latchkey {

class LoopbackIssuer {
 public:
  LoopbackIssuer() : runtime_(1, quiet_log()), server_(runtime_, {}, quiet_log()) {
    const auto port =
        server_.listen_tcp("127.0.0.1", 0, [this](io::Request& request) { return answer(request); });
    url_ = "http://127.0.0.1:" + std::to_string(port);
    pages_["/.well-known/openid-configuration"] =
        R"({"issuer":")" + url_ + R"(","jwks_uri":")" + url_ + R"(/keys"})";
    runtime_.start();
    server_.start();
  }
  ~LoopbackIssuer() {
    server_.stop();
    runtime_.stop();
  }
  LoopbackIssuer(const LoopbackIssuer&) = delete;

  const std::string& url() const { return url_; }
  void serve_keys(const std::vector<boost::json::object>& keys) {
    const std::lock_guard lock(mutex_);
    pages_["/keys"] = testing::key_set_text(keys);
  }
  // The paths that were asked for, in order, whether there was something or not.
  std::vector<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  io::awaitable<io::Response> answer(io::Request& request) {
    const std::lock_guard lock(mutex_);
    io::Response response;
    asked_.emplace_back(request.path());
    const auto page = pages_.find(asked_.back());
    response.status = page == pages_.end() ? 404 : 200;
    if (page != pages_.end()) response.body = page->second;
    response.headers.push_back({"Cache-Control", "max-age=3600"});
    co_return response;
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::string> pages_;
  std::vector<std::string> asked_;
  io::Runtime runtime_;
  io::HttpServer server_;
  std::string url_;
};

}  // namespace latchkey
