// What the fuzz targets share: a tailnet behind the real router and handlers, a valid token that inputs refer
// to by name, and checks that end the process.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "require.h"
#include "testing/api_world.h"

namespace latchkey::fuzz {

inline void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

template <class T>
io::awaitable<void> keep_outcome(io::awaitable<T> work, std::optional<T>& outcome) {
  outcome.emplace(co_await std::move(work));
}

// One for all runs: it must outlive the databases whose threads post to it.
inline boost::asio::io_context& loop() {
  static boost::asio::io_context one(1);
  return one;
}

// Runs a coroutine to its end on this thread.
template <class T>
T run(io::awaitable<T> work) {
  loop().restart();
  std::optional<T> outcome;
  std::exception_ptr failure;
  auto note = [&](std::exception_ptr thrown) { failure = thrown; };
  boost::asio::co_spawn(loop(), keep_outcome(std::move(work), outcome), std::move(note));
  loop().run();
  if (failure) std::rethrow_exception(failure);
  return *std::move(outcome);
}

struct FuzzWorld {
  testing::ApiWorld api;
  std::string token = api.token(identity::Role::owner);

  // Inputs cannot know a secret that is made anew by each process: they write ~TOKEN~ for the owner's API
  // token, ~BASIC~ for what follows "Basic " when it is the user name.
  std::string filled(std::string_view input) const {
    std::string text(input);
    replace_all(text, "~TOKEN~", token);
    replace_all(text, "~BASIC~", to_base64(token + ":"));
    return text;
  }
};

// A world that is made anew now and then, so that what inputs create does not pile up.
inline FuzzWorld& world() {
  constexpr int kRunsOfOneWorld = 20'000;
  loop();
  // Initialised with a world, so that it is destroyed before OpenSSL cleans up: threads that end after that
  // leak.
  static auto current = std::make_unique<FuzzWorld>();
  static int runs = 0;
  if (++runs % kRunsOfOneWorld == 0) current = std::make_unique<FuzzWorld>();
  // Otherwise the limits on rates would soon be all that is tested.
  current->api.clock.advance(milliseconds(50));
  return *current;
}

// How a refusal is written: as JSON, as SCIM has it, or on a page, which may also be JSON.
enum class Form { api, scim, page };

// What every answer must be, whatever was asked: no defect of ours, and a reason for the client when refused.
inline void check_answer(const io::Response& response, Form form = Form::api) {
  require(response.status >= 200 && response.status < 600, "an answer has a possible status");
  require(response.status < 500 || response.status == 503, "no input makes a server error");
  if (response.status < 400) return;
  if (form == Form::scim) {
    require(response.content_type == "application/scim+json", "an error of SCIM is SCIM's");
    const auto error = testing::json_of(response);
    require(!error.at("detail").as_string().empty(), "an error of SCIM says what to change");
  } else if (form == Form::page && response.content_type == "text/html; charset=utf-8") {
    require(response.body.find("<p>") != std::string::npos, "a page of an error says what to do");
  } else {
    require(response.content_type == "application/json", "an error is JSON");
    require(!testing::message_of(response).empty(), "an error says what to change");
  }
}

}  // namespace latchkey::fuzz
