#include "app/commands/act_on_each.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace latchkey::app::commands {

Result<Exit> act_on_each(Screen& screen, const std::vector<std::string>& wanted, OutputForm output,
                         const Deed& deed) {
  boost::json::array shown;
  bool all_done = true;
  for (const auto& each : wanted) {
    auto done = deed.act(each);
    if (!done) screen.complain(about(each, done.error()).message);
    all_done = all_done && done && *done;
    if (!done || !*done) continue;
    if (output == OutputForm::table) {
      screen.print(std::string(deed.done) + " " + (*done)->name);
    } else {
      shown.push_back(std::move((*done)->shown));
    }
  }
  if (output == OutputForm::json) screen.print_json(boost::json::object{{deed.member, std::move(shown)}});
  return all_done ? Exit::done : Exit::failed;
}

Error about(const std::string& wanted, Error error) {
  error.message = printable(wanted) + ": " + error.message;
  return error;
}

}  // namespace latchkey::app::commands
