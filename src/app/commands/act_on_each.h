// For commands that do the same to several things, one after the other: what one is refused is said at once
// and does not keep the others from it.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/output.h"
#include "base/result.h"

namespace latchkey::app::commands {

// What it was done to.
struct Done {
  std::string name;          // as the line for people calls it
  boost::json::value shown;  // in the JSON
};

struct Deed {
  const char* done;    // "removed"
  const char* member;  // of the JSON, with the list of all that it was done to
  // Does it to the one that the words name; nothing when the person declined.
  std::function<Result<std::optional<Done>>(const std::string& wanted)> act;
};

// Fails when it was not done to all.
Result<Exit> act_on_each(Screen& screen, const std::vector<std::string>& wanted, OutputForm output,
                         const Deed& deed);

// The error with what it is about before it.
Error about(const std::string& wanted, Error error);

}  // namespace latchkey::app::commands
