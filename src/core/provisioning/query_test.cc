#include "core/provisioning/query.h"

#include <gtest/gtest.h>

namespace latchkey::provisioning {
namespace {

using scim::Column;

scim::ColumnTerms narrowed(const char* filter) {
  return narrow(*scim::parse_filter(scim::user_type(), filter));
}

TEST(ProvisioningQuery, TheSameTermsInAnyOrderAreOneStatement) {
  const auto terms = narrowed(R"(id eq "u1" and userName eq "ines" and active eq true)");
  ASSERT_EQ(terms.terms.size(), 3U);
  EXPECT_TRUE(terms.is_whole);
  for (const char* other : {R"(active eq true and id eq "u1" and userName eq "ines")",
                            R"(userName eq "ines" and (active eq true and id eq "u1"))"}) {
    EXPECT_EQ(narrowed(other).terms, terms.terms) << other;
  }
  EXPECT_EQ(
      narrowed(
          R"(meta.lastModified gt "2026-01-01T00:00:00Z" and meta.lastModified le "2027-01-01T00:00:00Z")")
          .terms,
      narrowed(
          R"(meta.lastModified le "2027-01-01T00:00:00Z" and meta.lastModified gt "2026-01-01T00:00:00Z")")
          .terms);
}

TEST(ProvisioningQuery, OfTwoTermsOfOneColumnTheDocumentsDecide) {
  const auto twice = narrowed(R"(userName eq "ines" and userName eq "tomas")");
  EXPECT_EQ(twice.terms, (std::vector<scim::ColumnTerm>{{.column = Column::user_name, .text = "ines"}}));
  EXPECT_FALSE(twice.is_whole);
}

TEST(ProvisioningQuery, WithoutAFilterTheStoreDecides) {
  const auto all = narrow(std::nullopt);
  EXPECT_TRUE(all.terms.empty());
  EXPECT_TRUE(all.is_whole);
}

}  // namespace
}  // namespace latchkey::provisioning
