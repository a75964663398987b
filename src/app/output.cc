#include "app/output.h"

#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdlib>
#include <istream>
#include <ostream>

#include "base/text.h"

namespace latchkey::app {
namespace {

constexpr std::chrono::seconds kProgressAfter{2};
constexpr std::chrono::milliseconds kProgressStep{250};
constexpr std::string_view kClearLine = "\r\x1b[K";

std::string_view colour_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::bold:
      return "\x1b[1m";
    case Style::good:
      return "\x1b[32m";
    case Style::warning:
      return "\x1b[33m";
    case Style::bad:
      return "\x1b[31m";
    case Style::faint:
      return "\x1b[2m";
  }
  return "";
}

bool is_key_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

std::size_t width_of(std::string_view text) {
  return utf8_length(text).value_or(text.size());
}

}  // namespace

Terminals standard_terminals() {
  Terminals found;
  found.in = ::isatty(STDIN_FILENO) == 1;
  found.out = ::isatty(STDOUT_FILENO) == 1;
  found.err = ::isatty(STDERR_FILENO) == 1;
  const char* refused = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  const bool dumb = kind == nullptr || std::string_view(kind) == "dumb";
  found.colour = found.out && !dumb && (refused == nullptr || *refused == '\0');
  return found;
}

Screen::Screen(std::istream& in, std::ostream& out, std::ostream& err, Terminals terminals)
    : in_(in), out_(out), err_(err), terminals_(terminals) {}

void Screen::print(std::string_view line) {
  out_ << line << '\n';
}

void Screen::print_json(const boost::json::value& value) {
  // The value may hold a secret that its owner wants to see; the text of it must not stay behind.
  const SecretString text(boost::json::serialize(value));
  out_ << text.expose() << '\n';
}

void Screen::print_secret(std::string_view before, const SecretString& secret) {
  out_ << before << secret.expose() << '\n';
  out_.flush();
}

void Screen::note(std::string_view line) {
  err_ << mask_keys(printable(line)) << '\n';
}

void Screen::complain(std::string_view sentence) {
  err_ << "latchkey: " << mask_keys(printable(sentence)) << '\n';
}

bool Screen::confirm(std::string_view question) {
  err_ << question << " [y/N] " << std::flush;
  std::string answer;
  if (!std::getline(in_, answer)) return false;
  const std::string folded = to_lower(trim(answer));
  return folded == "y" || folded == "yes";
}

std::string Screen::styled(Style style, std::string_view text) const {
  if (!terminals_.colour || style == Style::plain) return std::string(text);
  return std::string(colour_of(style)) + std::string(text) + "\x1b[0m";
}

bool Screen::flush() {
  out_.flush();
  err_.flush();
  return out_.good();
}

std::string mask_keys(std::string_view text) {
  constexpr std::string_view kStem = "tskey-";
  std::string masked;
  while (true) {
    const auto found = text.find(kStem);
    if (found == std::string_view::npos) return masked += text;
    masked += text.substr(0, found + kStem.size());
    text.remove_prefix(found + kStem.size());
    std::size_t length = 0;
    while (length < text.size() && is_key_character(text[length])) ++length;
    if (length > 0) masked += "***";
    text.remove_prefix(length);
  }
}

std::string printable(std::string_view text) {
  std::string shown(text);
  const bool valid = utf8_length(text).has_value();
  for (std::size_t at = 0; at < shown.size(); ++at) {
    const auto c = static_cast<unsigned char>(shown[at]);
    if (c < 0x20 || c == 0x7f || (!valid && c >= 0x80)) shown[at] = '?';
    // U+0080 to U+009F: the control characters that some terminals obey.
    if (c == 0xc2 && at + 1 < shown.size() && static_cast<unsigned char>(shown[at + 1]) < 0xa0) {
      shown[at] = '?';
      shown[++at] = '?';
    }
  }
  return shown;
}

std::vector<std::string> Table::lines(const Screen& screen) const {
  std::vector<std::size_t> widths;
  const auto widen = [&widths](std::size_t column, std::size_t width) {
    if (widths.size() <= column) widths.resize(column + 1, 0);
    widths[column] = std::max(widths[column], width);
  };
  for (std::size_t column = 0; column < headings_.size(); ++column)
    widen(column, width_of(headings_[column]));
  for (const auto& row : rows_) {
    for (std::size_t column = 0; column < row.size(); ++column)
      widen(column, width_of(printable(row[column].text)));
  }
  const auto line_of = [&](const std::vector<Cell>& row) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      const std::string text = printable(row[column].text);
      line += screen.styled(row[column].style, text);
      if (column + 1 < row.size()) line.append(widths[column] - width_of(text) + 2, ' ');
    }
    line.resize(line.find_last_not_of(' ') + 1);
    return line;
  };
  std::vector<std::string> all;
  if (!headings_.empty()) {
    std::vector<Cell> headings;
    for (const auto& heading : headings_) headings.emplace_back(heading, Style::bold);
    all.push_back(line_of(headings));
  }
  for (const auto& row : rows_) all.push_back(line_of(row));
  return all;
}

void Table::print(Screen& screen) const {
  for (const auto& line : lines(screen)) screen.print(line);
}

void Table::print_beside(Screen& screen) const {
  for (const auto& line : lines(screen)) screen.err() << line << '\n';
}

Progress::Progress(Screen& screen, std::string doing) : screen_(screen), doing_(std::move(doing)) {
  if (screen_.terminals().err) thread_ = std::thread([this] { show(); });
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void Progress::show() {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  if (ended_.wait_for(lock, kProgressAfter, [this] { return done_; })) return;
  do {
    const auto passed = std::chrono::steady_clock::now() - start;
    screen_.err() << kClearLine << doing_ << " ... "
                  << std::chrono::floor<std::chrono::seconds>(passed).count() << " s" << std::flush;
  } while (!ended_.wait_for(lock, kProgressStep, [this] { return done_; }));
  screen_.err() << kClearLine << std::flush;
}

}  // namespace latchkey::app
