#include "app/commands/secret_prompt.h"

#include <termios.h>
#include <unistd.h>

#include <istream>
#include <ostream>

#include "base/text.h"

namespace latchkey::app::commands {
namespace {

constexpr int kCtrlC = 3;
constexpr int kCtrlD = 4;
constexpr int kBackspace = 8;
constexpr int kDelete = 127;
constexpr std::size_t kMost = 4096;

// Characters come one by one and unseen, Ctrl-C among them, so that the terminal is always put right again.
class Unseen {
 public:
  Unseen() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    auto unseen = before_;
    unseen.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen) == 0;
  }
  ~Unseen() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

}  // namespace

Result<SecretString> ask_for_secret(Screen& screen, const char* question) {
  screen.err() << question << std::flush;
  std::string typed;
  typed.reserve(kMost);
  {
    const Unseen unseen;
    while (typed.size() < kMost) {
      const int c = screen.in().get();
      if (c == std::istream::traits_type::eof() || c == '\n' || c == '\r') break;
      if (c == kCtrlC || c == kCtrlD) {
        typed.clear();
        break;
      }
      if (c != kBackspace && c != kDelete) {
        typed.push_back(static_cast<char>(c));
      } else if (!typed.empty()) {
        typed.pop_back();
      }
    }
  }
  screen.err() << '\n';
  const SecretString whole(std::move(typed));
  const auto kept = trim(whole.expose());
  if (kept.empty()) return malformed("no secret was given");
  return SecretString(std::string(kept));
}

}  // namespace latchkey::app::commands
