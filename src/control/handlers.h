// The requests inside a device's connection, in one list (handlers.cc).
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "io/awaitable.h"
#include "io/http2_session.h"

namespace latchkey::control {

class Connection;
using ConnectionPtr = std::shared_ptr<Connection>;
using StreamPtr = std::shared_ptr<io::Http2Stream>;

struct ControlRoute {
  std::string_view method;
  std::string_view path;  // a final '/' matches everything below
  io::awaitable<void> (*handler)(ConnectionPtr connection, StreamPtr stream);
};
std::span<const ControlRoute> control_routes();

// Finds the handler and runs it.
io::awaitable<void> answer(ConnectionPtr connection, StreamPtr stream);

// register.cc, map.cc
io::awaitable<void> register_machine(ConnectionPtr connection, StreamPtr stream);
io::awaitable<void> poll_map(ConnectionPtr connection, StreamPtr stream);

void respond_text(io::Http2Stream& stream, int status, std::string_view text);
void respond_json(io::Http2Stream& stream, std::string json);

}  // namespace latchkey::control
