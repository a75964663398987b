// Names for requests: 16 hexadecimal digits, different from each other within the process and, for all
// practical purposes, from those of other processes. They are names, not secrets. Not safe across threads:
// one source a thread.
#pragma once

#include <cstdint>
#include <string>

namespace latchkey::io {

class RequestIds {
 public:
  RequestIds();
  std::string next();

 private:
  std::uint64_t next_;
};

}  // namespace latchkey::io
