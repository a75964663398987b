#include <gtest/gtest.h>

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

TEST(AuditChain, ChangesWithEveryMember) {
  const auto base = canonical_bytes(sample(), 1);
  std::vector<Record> changed(12, sample());
  changed[0].tailnet = TailnetId("T2");
  changed[1].at += std::chrono::microseconds{1};
  changed[2].actor.id = "u2";
  changed[3].actor.login_name = "x";
  changed[4].target.id = "k2";
  changed[5].action = Action::revoke;
  changed[6].old_value = nullptr;
  changed[7].new_value = nullptr;
  changed[8].details = "x";
  changed[9].error = "x";
  changed[10].source.address = "x";
  changed[11].group_id = "x";
  for (const auto& record : changed) EXPECT_NE(canonical_bytes(record, 1), base);
  EXPECT_NE(canonical_bytes(sample(), 2), base);
}

TEST(AuditChain, MembersCannotRunIntoEachOther) {
  Record one = sample();
  one.details = "ab";
  one.error = "c";
  Record other = sample();
  other.details = "a";
  other.error = "bc";
  EXPECT_NE(canonical_bytes(one, 1), canonical_bytes(other, 1));
}

TEST(AuditChain, LinkDependsOnWhatCameBeforeAndOnTheKey) {
  const auto key = chain_key();
  const auto first = next_link(key, first_link(), sample(), 1);
  EXPECT_NE(next_link(key, first, sample(), 2), next_link(key, first_link(), sample(), 2));
  EXPECT_NE(first, next_link(crypto::HmacKey(std::array<std::uint8_t, 32>{6}), first_link(), sample(), 1));
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
