// Lists as SCIM asks for them: what columns can decide is left to the store, the rest is looked at, within a
// bound.
#pragma once

#include <algorithm>
#include <boost/json/array.hpp>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/provisioning/resource.h"
#include "core/scim/filter_columns.h"
#include "core/scim/list_query.h"

namespace latchkey::provisioning {

// Resources that one query looks at beyond what the store decides.
inline constexpr std::int64_t kMaxLookedAt = 10'000;
// Members that one list carries.
inline constexpr std::int64_t kMaxListedMembers = 50'000;

struct Page {
  boost::json::array resources;
  std::uint64_t total = 0;
};

// How resources of one kind are read.
template <typename Resource>
struct Listing {
  std::function<std::int64_t(std::span<const scim::ColumnTerm>)> count;
  std::function<std::vector<Resource>(std::span<const scim::ColumnTerm>, Window)> read;
  // Whole documents; with what is costly to read (members, a person's groups) only when it is needed.
  std::function<Result<std::vector<boost::json::object>>(std::span<const Resource>, bool costly)> documents;
  std::string_view costly;  // the attribute that is
};

// At most one term of each column and operator, always in one order: statements have few shapes, and are kept
// for ever.
scim::ColumnTerms narrow(const std::optional<scim::Filter>& filter);
// Whether the filter speaks of this attribute, by its name in the schema.
bool filters_by(const scim::ListPlan& plan, std::string_view attribute);
bool is_match(const scim::ListPlan& plan, const scim::ColumnTerms& terms,
              const boost::json::object& document);
Error looks_at_too_many();

// A resource that meets the filter, with what it is sorted by.
template <typename Resource>
struct Match {
  std::optional<std::string> key;
  Resource resource;
};

template <typename Resource>
Result<std::vector<Match<Resource>>> matching(const scim::ListPlan& plan, const scim::ColumnTerms& terms,
                                              const Listing<Resource>& listing, std::int64_t total) {
  constexpr std::int64_t kBatch = 500;
  std::vector<Match<Resource>> matches;
  const bool costly = filters_by(plan, listing.costly);
  for (std::int64_t offset = 0; offset < total; offset += kBatch) {
    auto resources = listing.read(terms.terms, {offset, kBatch});
    TRY(const auto documents, listing.documents(resources, costly));
    for (std::size_t i = 0; i < documents.size(); ++i) {
      if (!is_match(plan, terms, documents[i])) continue;
      auto key = plan.sort ? plan.sort->key(documents[i]) : std::nullopt;
      matches.push_back({std::move(key), std::move(resources[i])});
    }
  }
  if (plan.sort) {
    std::ranges::stable_sort(matches,
                             [&](const auto& a, const auto& b) { return plan.sort->before(a.key, b.key); });
  }
  return matches;
}

// 400 tooMany above kMaxLookedAt.
template <typename Resource>
Result<Page> run(const scim::ListPlan& plan, const Listing<Resource>& listing) {
  const auto terms = narrow(plan.filter);
  const auto total = listing.count(terms.terms);
  const auto first = static_cast<std::int64_t>(plan.start_index) - 1;
  const auto count = static_cast<std::int64_t>(plan.count);
  Page page;
  std::vector<Resource> shown;
  if (terms.is_whole && !plan.sort) {
    page.total = static_cast<std::uint64_t>(total);
    if (count > 0 && first < total) shown = listing.read(terms.terms, {first, count});
  } else {
    if (total > kMaxLookedAt) return looks_at_too_many();
    TRY(auto matches, matching(plan, terms, listing, total));
    page.total = matches.size();
    for (auto at = first; at < std::min(first + count, std::ssize(matches)); ++at) {
      shown.push_back(std::move(matches[static_cast<std::size_t>(at)].resource));
    }
  }
  TRY(const auto documents, listing.documents(shown, plan.projection.wants(listing.costly)));
  for (const auto& document : documents) page.resources.push_back(plan.projection.apply(document));
  return page;
}

}  // namespace latchkey::provisioning
