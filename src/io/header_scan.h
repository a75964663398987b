// Finds the end of a header section while it arrives, and refuses what must not be in one: a line feed or
// carriage return alone, a folded line, a control character. Every byte is looked at once, however the bytes
// are cut.
#pragma once

#include <cstddef>
#include <string_view>

namespace latchkey::io {

class HeaderScan {
 public:
  enum class Verdict { incomplete, complete, refused };

  void restart() { scanned_ = 0; }
  // `bytes` begins with the request line and grows from call to call.
  Verdict look(std::string_view bytes);

  std::size_t size() const { return end_; }              // of the section with its empty line, when complete
  std::string_view problem() const { return problem_; }  // when refused: what to change

 private:
  Verdict refuse(std::string_view problem);

  std::size_t scanned_ = 0;
  std::size_t end_ = 0;
  std::string_view problem_;
};

}  // namespace latchkey::io
