#include "core/audit/audit_query.h"

#include <algorithm>

#include "base/text.h"

namespace latchkey::audit {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return to_lower(text).find(to_lower(part)) != std::string::npos;
}

bool actor_matches(const std::string& wanted, const Actor& actor) {
  if (!wanted.starts_with('~')) return actor.id == wanted;
  const auto part = std::string_view(wanted).substr(1);
  return contains(actor.login_name, part) || contains(actor.display_name, part);
}

bool target_matches(const std::string& wanted, const Target& target) {
  return contains(target.id, wanted) || contains(target.name, wanted) ||
         contains(to_string(target.type), wanted) || contains(target.property, wanted);
}

template <class Wanted, class Matches>
bool any_or_none(const std::vector<Wanted>& wanted, Matches matches) {
  return wanted.empty() || std::ranges::any_of(wanted, matches);
}

}  // namespace

bool matches(const AuditQuery& query, const Record& record) {
  return any_or_none(query.actors, [&](const auto& text) { return actor_matches(text, record.actor); }) &&
         any_or_none(query.targets, [&](const auto& text) { return target_matches(text, record.target); }) &&
         any_or_none(query.events, [&](const auto& text) { return event_name(record) == text; });
}

}  // namespace latchkey::audit
