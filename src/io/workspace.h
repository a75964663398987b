// The buffers of one request: what arrived, what it was understood as, and the answer. They may hold secrets,
// so what is done with is overwritten. Belongs to one thread; a connection that waits holds none.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/request_parser.h"

namespace latchkey::io {

struct Workspace {
  explicit Workspace(const HttpSettings& settings);

  std::string_view unread() const { return {buffer.data() + begin, end - begin}; }
  // Room behind the unread bytes; empty when they fill the buffer.
  std::span<char> room();
  void consume(std::size_t count) { begin += count; }
  void filled(std::size_t count) { end += count; }
  // Forgets the request and the answer. Both may have held a secret, so their bytes are overwritten.
  void wipe_exchange(bool sensitive);
  // Overwrites what was received: up to the unread rest, or all of it.
  void wipe_consumed();
  void drop_input();

  std::vector<char> buffer;
  std::size_t begin = 0;
  std::size_t end = 0;
  RequestParser parser;
  Request request;
  std::string out;
};

}  // namespace latchkey::io
