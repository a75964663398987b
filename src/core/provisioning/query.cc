#include "core/provisioning/query.h"

#include "core/scim/filter_match.h"
#include "core/scim/refusal.h"

namespace latchkey::provisioning {
namespace {

bool names(const scim::Filter& filter, std::string_view attribute) {
  if (filter.path.attribute != nullptr && filter.path.attribute->name == attribute) return true;
  return std::ranges::any_of(filter.parts, [&](const auto& part) { return names(part, attribute); });
}

}  // namespace

scim::ColumnTerms narrow(const std::optional<scim::Filter>& filter) {
  if (!filter) return {{}, true};
  auto all = scim::column_terms(*filter);
  scim::ColumnTerms some{{}, all.is_whole};
  for (auto& term : all.terms) {
    const bool known = std::ranges::any_of(some.terms, [&](const scim::ColumnTerm& each) {
      return each.column == term.column && each.op == term.op;
    });
    if (known) {
      some.is_whole = false;
    } else {
      some.terms.push_back(std::move(term));
    }
  }
  std::ranges::sort(some.terms, {},
                    [](const scim::ColumnTerm& term) { return std::pair(term.column, term.op); });
  return some;
}

bool filters_by(const scim::ListPlan& plan, std::string_view attribute) {
  return plan.filter && names(*plan.filter, attribute);
}

bool is_match(const scim::ListPlan& plan, const scim::ColumnTerms& terms,
              const boost::json::object& document) {
  return !plan.filter || terms.is_whole || scim::matches(*plan.filter, document);
}

Error looks_at_too_many() {
  return scim::refuse(scim::ScimType::too_many,
                      "The query looks at more than " + std::to_string(kMaxLookedAt) +
                          " resources: narrow it by userName, displayName, externalId or id.");
}

}  // namespace latchkey::provisioning
