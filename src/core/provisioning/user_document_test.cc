#include "core/provisioning/user_document.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace latchkey::provisioning {
namespace {

namespace json = boost::json;

UserResource somebody(const char* login, const char* name) {
  UserResource resource;
  resource.user.id = UserId("u1");
  resource.user.login_name = login;
  resource.user.display_name = name;
  return resource;
}

json::object parsed(const char* text) {
  return json::parse(text).as_object();
}

TEST(UserDocument, OfSomebodyNoProviderSpokeOfItIsMadeFromHisRow) {
  const auto document = document_of(somebody("ines@x.example", "Ines Maria Okoro"), {});
  EXPECT_EQ(json::serialize(document.at("name")),
            R"({"formatted":"Ines Maria Okoro","givenName":"Ines","familyName":"Maria Okoro"})");
  EXPECT_EQ(document.at("emails").at(0).at("value"), "ines@x.example");
  EXPECT_EQ(document.at("active"), true);
  const auto bare = document_of(somebody("ines", ""), {});
  EXPECT_EQ(bare.at("name").at("familyName"), "ines");
  EXPECT_FALSE(bare.contains("emails"));
}

TEST(UserDocument, TheRowDecidesNameAndWhetherHeIsActive) {
  auto resource = somebody("ines", "Ines");
  resource.kept = KeptUser{.document = parsed(R"({"displayName":"I.","userName":"old"})")};
  EXPECT_EQ(document_of(resource, {}).at("userName"), "ines");
  EXPECT_EQ(document_of(resource, {}).at("displayName"), "I.");
  resource.user.status = identity::UserStatus::suspended;
  EXPECT_EQ(document_of(resource, {}).at("active"), false);
  resource.kept->active_removed = true;
  EXPECT_FALSE(document_of(resource, {}).contains("active"));
  // Restored by an administrator: what was taken away before says nothing any more.
  resource.user.status = identity::UserStatus::active;
  EXPECT_EQ(document_of(resource, {}).at("active"), true);
}

TEST(UserDocument, TheShownNameIsTheFirstThatThereIs) {
  const struct {
    const char* document;
    const char* name;
  } rows[] = {
      {R"({"displayName":"A","name":{"formatted":"B"}})", "A"},
      {R"({"name":{"formatted":"B","givenName":"C"}})", "B"},
      {R"({"name":{"givenName":"C","familyName":"D"}})", "C D"},
      {R"({"name":{"familyName":"D"}})", "D"},
      {R"({"displayName":"two\nlines"})", "two lines"},
      {R"({"displayName":"Tskey-scim-kExample","name":{"formatted":"B"}})", "B"},
      {R"({})", ""},
  };
  for (const auto& row : rows)
    EXPECT_EQ(wanted_of(parsed(row.document)).display_name, row.name) << row.document;
}

TEST(UserDocument, WhatTheRowHasIsNotKeptBesideIt) {
  const auto wanted = wanted_of(parsed(
      R"({"schemas":[],"id":"u1","meta":{},"groups":[],"userName":"ines","active":false,"externalId":"e","title":"t"})"));
  EXPECT_EQ(json::serialize(wanted.kept), R"({"externalId":"e","title":"t"})");
  EXPECT_EQ(wanted.login_name, "ines");
  EXPECT_EQ(wanted.active, false);
  EXPECT_EQ(wanted_of(parsed(R"({"userName":"ines"})")).active, std::nullopt);
}

}  // namespace
}  // namespace latchkey::provisioning
