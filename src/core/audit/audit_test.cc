#include <gtest/gtest.h>

#include <boost/json/object.hpp>

#include "core/audit/audit_query.h"
#include "core/audit/chain.h"
#include "core/audit/change.h"

namespace latchkey::audit {
namespace {

Record sample() {
  Record record;
  record.tailnet = TailnetId("T1");
  record.at = from_micros(1'767'603'600'000'000);
  record.actor = {"u1", ActorType::user, "Mira@otter-reef.example", "Mira"};
  record.target = {"k1", "Auth key", TargetType::api_key, {}};
  return record;
}

crypto::HmacKey chain_key() {
  const std::array<std::uint8_t, 32> bytes{5};
  return crypto::HmacKey(bytes);
}

Link link_of(const Record& record, std::int64_t sequence = 1) {
  return next_link(chain_key(), first_link(), texts_of(record), sequence);
}

TEST(AuditChain, ChangesWithEveryMember) {
  const auto base = link_of(sample());
  auto texts = texts_of(sample());
  for (auto& member : texts) {
    const auto before = member;
    member = member.value_or("") + "x";
    EXPECT_NE(next_link(chain_key(), first_link(), texts, 1), base);
    member = std::nullopt;
    EXPECT_EQ(next_link(chain_key(), first_link(), texts, 1) == base, before == std::nullopt);
    member = before;
  }
  EXPECT_NE(link_of(sample(), 2), base);
}

TEST(AuditChain, MembersCannotRunIntoEachOther) {
  Record one = sample();
  one.details = "ab";
  one.error = "c";
  Record other = sample();
  other.details = "a";
  other.error = "bc";
  EXPECT_NE(link_of(one), link_of(other));
}

TEST(AuditChain, LinkDependsOnWhatCameBeforeAndOnTheKey) {
  const auto first = link_of(sample());
  const auto texts = texts_of(sample());
  EXPECT_NE(next_link(chain_key(), first, texts, 2), next_link(chain_key(), first_link(), texts, 2));
  EXPECT_NE(first, next_link(crypto::HmacKey(std::array<std::uint8_t, 32>{6}), first_link(), texts, 1));
}

TEST(AuditRecord, RoundTripsThroughItsTexts) {
  Record record = sample();
  record.new_value = boost::json::object{{"a", 1}};
  record.old_value = nullptr;
  record.source.address = "192.0.2.1";
  record.error = "no";
  EXPECT_EQ(texts_of(record_from(texts_of(record))), texts_of(record));
  auto texts = texts_of(record);
  texts[3] = "NONSENSE";
  EXPECT_THROW(record_from(texts), std::invalid_argument);
}

TEST(AuditRecord, HoldsWhateverCallersSend) {
  const std::string mark = "\xEF\xBF\xBD";
  Record record = sample();
  record.error = std::string("tag:a\0b", 7);
  record.target.name = "\xff";
  const auto texts = texts_of(record);
  EXPECT_EQ(record_from(texts).error, "tag:a" + mark + "b");
  EXPECT_EQ(record_from(texts).target.name, mark);
  EXPECT_EQ(texts_of(record_from(texts)), texts);
}

TEST(AuditQuery, FiltersByActorTargetAndEvent) {
  const auto record = sample();
  EXPECT_TRUE(matches({}, record));
  EXPECT_TRUE(matches({.actors = {"u1"}}, record));
  EXPECT_TRUE(matches({.actors = {"u9", "~mira@"}}, record));
  EXPECT_FALSE(matches({.actors = {"Mira"}}, record));
  EXPECT_TRUE(matches({.targets = {"auth"}}, record));
  EXPECT_FALSE(matches({.targets = {"webhook"}}, record));
  EXPECT_TRUE(matches({.events = {"API_KEY.CREATE"}}, record));
  EXPECT_FALSE(matches({.actors = {"u1"}, .events = {"API_KEY.REVOKE"}}, record));
}

TEST(EventNames, KnowUpstreamsListAndNothingElse) {
  for (const char* name :
       {"API_KEY.CREATE", "API_KEY.UPDATE", "NODE.ENABLE.KEY_EXPIRY", "TAILNET.UPDATE.ACL"}) {
    EXPECT_TRUE(is_event_name(name)) << name;
  }
  EXPECT_FALSE(is_event_name("API_KEY.FROB"));
  EXPECT_FALSE(is_event_name(""));
}

TEST(EventCatalogue, WordsRoundTripAndUnknownOnesThrow) {
  EXPECT_EQ(change_kind_from(to_string(ChangeKind::credential_revoked)), ChangeKind::credential_revoked);
  EXPECT_EQ(origin_from("CONFIG_API"), Origin::config_api);
  EXPECT_THROW(change_kind_from("credential.frobbed"), std::invalid_argument);
}

}  // namespace
}  // namespace latchkey::audit
