#include "app/commands/listing.h"

#include "app/commands/json_fields.h"
#include "base/clock.h"

namespace latchkey::app::commands {

void show_lines(Screen& screen, const boost::json::array& list, Listing listing) {
  const TimePoint now = SystemClock{}.now();
  Table table(std::move(listing.headings));
  for (const auto& each : list) {
    if (each.is_object()) table.add(listing.row_of(each.get_object(), now));
  }
  if (table.empty()) {
    screen.note(listing.none);
  } else {
    table.print(screen);
  }
}

Result<Exit> show_list(Screen& screen, const boost::json::value& answer, std::string_view name,
                       OutputForm output, Listing listing) {
  TRY(const auto* list, list_of(answer, name));
  if (output == OutputForm::json) {
    screen.print_json(answer);
  } else {
    show_lines(screen, *list, std::move(listing));
  }
  return Exit::done;
}

}  // namespace latchkey::app::commands
