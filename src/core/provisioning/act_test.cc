#include "core/provisioning/act.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "core/identity/authorize.h"

namespace latchkey::provisioning {
namespace {

namespace json = boost::json;

TEST(ProvisioningAct, NamesWhatDiffersAndKeepsAddressesAndNumbersOutOfTheLog) {
  identity::User user;
  user.id = UserId("u1");
  user.login_name = "ines@x.example";
  const auto caller = identity::provisioning_caller(TailnetId("t1"), CredentialId("k1"), {});
  const auto was = json::parse(
      R"({"displayName":"Ines","title":"Lead","emails":[{"value":"old@home.example"}],"locale":"en"})");
  const auto is = json::parse(
      R"({"displayName":"Ines O.","emails":[{"value":"new@home.example"}],"phoneNumbers":[{"value":"+4930123"}],"locale":"en"})");
  const auto act = pushed_user(user, caller, was.as_object(), is.as_object(), {});
  EXPECT_EQ(act.record.details, "changed: displayName, emails, phoneNumbers, title");
  EXPECT_EQ(json::serialize(*act.record.old_value), R"({"displayName":"Ines","title":"Lead"})");
  EXPECT_EQ(json::serialize(*act.record.new_value), R"({"displayName":"Ines O."})");
}

TEST(ProvisioningAct, OfManyMembersTheFirstAreNamedAndAllAreCounted) {
  std::vector<identity::GroupMember> members(kMaxRecordedIds + 1, {"u1", false});
  const auto recorded = recorded_ids(members);
  EXPECT_EQ(recorded.at("count").to_number<std::size_t>(), kMaxRecordedIds + 1);
  EXPECT_EQ(recorded.at("first").as_array().size(), kMaxRecordedIds);
}

}  // namespace
}  // namespace latchkey::provisioning
