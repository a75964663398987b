// How an offboarding looks to people.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "app/output.h"
#include "base/time.h"

namespace latchkey::app::commands {

// A line for each holding; `remove`: what becomes of it when he is deleted, else when he is suspended.
Table holding_table(const boost::json::array& holdings, bool remove, TimePoint now);
// A line for each record of a report.
Table record_table(const boost::json::array& records);

}  // namespace latchkey::app::commands
