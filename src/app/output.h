// What the command line shows: lines for people, JSON for programs, complaints and notes beside them.
//
// Standard output carries what was asked for, standard error everything else, so that a pipe gets only the
// former. Colour and progress appear on a terminal alone. Whatever goes to standard error has key texts
// masked and control characters replaced; the one way to show a secret is print_secret().
#pragma once

#include <boost/json/fwd.hpp>
#include <condition_variable>
#include <iosfwd>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/secret.h"

namespace latchkey::app {

enum class Exit { done = 0, failed = 1, wrong_usage = 2 };
enum class OutputForm { table, json };
enum class Style { plain, bold, good, warning, bad, faint };

// What the standard streams are connected to.
struct Terminals {
  bool in = false;
  bool out = false;
  bool err = false;
  bool colour = false;  // wanted on a terminal
};

// Asks the system. Colour is off with NO_COLOR set to anything, and on a terminal that calls itself dumb.
Terminals standard_terminals();

class Screen {
 public:
  Screen(std::istream& in, std::ostream& out, std::ostream& err, Terminals terminals);

  void print(std::string_view line);
  void print_json(const boost::json::value& value);  // one line
  void print_secret(std::string_view before, const SecretString& secret);
  // For the person at the terminal, beside the output.
  void note(std::string_view line);
  // "latchkey: <sentence>".
  void complain(std::string_view sentence);

  // Whether somebody is there to answer a question.
  bool may_ask() const { return terminals_.in && terminals_.err; }
  // Asks; anything but a yes is a no.
  bool confirm(std::string_view question);

  std::string styled(Style style, std::string_view text) const;
  const Terminals& terminals() const { return terminals_; }
  std::istream& in() { return in_; }
  std::ostream& err() { return err_; }

  // False when some output could not be written: a full disk, a closed pipe.
  bool flush();

 private:
  std::istream& in_;
  std::ostream& out_;
  std::ostream& err_;
  Terminals terminals_;
};

// Key texts become "tskey-***".
std::string mask_keys(std::string_view text);

// Control characters become '?', so that stored text cannot steer a terminal.
std::string printable(std::string_view text);

// Columns for people, as wide as their widest cell.
class Table {
 public:
  struct Cell {
    std::string text;
    Style style = Style::plain;

    Cell(std::string shown, Style how = Style::plain) : text(std::move(shown)), style(how) {}
    Cell(const char* shown) : text(shown) {}
  };

  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  void print(Screen& screen) const;
  // On standard error, with a question that is about it.
  void print_beside(Screen& screen) const;

 private:
  std::vector<std::string> lines(const Screen& screen) const;

  std::vector<std::string> headings_;  // none: no line for them
  std::vector<std::vector<Cell>> rows_;
};

// Says what is being waited for once that has taken two seconds, on a terminal; the line goes away with the
// object.
class Progress {
 public:
  Progress(Screen& screen, std::string doing);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void show();

  Screen& screen_;
  std::string doing_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace latchkey::app
