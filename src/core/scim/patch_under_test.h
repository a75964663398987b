// Documents and operations of the PATCH engine's tests.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "core/scim/document.h"
#include "core/scim/patch.h"
#include "core/scim/strict_json.h"

namespace latchkey::scim {

// "E:" stands for the enterprise extension's URN, "U:" for the user's, "P" for the URN of PatchOp.
inline std::string expand(std::string text) {
  const auto replace = [&](const std::string& from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
      text.replace(at, from.size(), to);
    }
  };
  replace("E:", std::string(kEnterpriseUserUrn) + ":");
  replace("\"E\"", "\"" + std::string(kEnterpriseUserUrn) + "\"");
  replace("U:", std::string(kUserUrn) + ":");
  return text;
}

inline boost::json::object parse_object(const std::string& text) {
  auto value = boost::json::parse(expand(text));
  return value.get_object();
}

inline boost::json::object user(const std::string& members) {
  return finish_document(user_type(), parse_object("{\"id\":\"u1\",\"userName\":\"ines\"" +
                                                   (members.empty() ? members : "," + members) + "}"));
}
inline boost::json::object group(const std::string& members) {
  return finish_document(group_type(), parse_object("{\"id\":\"g1\",\"displayName\":\"Ops\"" +
                                                    (members.empty() ? members : "," + members) + "}"));
}

inline Result<Patched> patch(const ResourceType& type, const boost::json::object& document,
                             const std::string& operations) {
  const auto body = read_json_object(R"({"schemas":[")" + std::string(kPatchOpUrn) + R"("],"Operations":)" +
                                     expand(operations) + "}");
  if (!body.ok()) return body.error();
  TRY(const auto read, read_patch(*body));
  return apply_patch(type, document, read);
}

// What a PATCH of the user makes of it, as JSON text without what user("") has.
inline std::string patched(const boost::json::object& document, const std::string& operations,
                           const ResourceType& type = user_type()) {
  const auto result = patch(type, document, operations);
  if (!result.ok()) return std::string(result.error().protocol_code);
  auto made = result->document;
  EXPECT_EQ(result->changed, made != document) << operations;
  for (const auto* name : {"schemas", "id"}) made.stable_erase(name);
  if (made.if_contains("userName") != nullptr && made.at("userName") == "ines") made.stable_erase("userName");
  return boost::json::serialize(made);
}

}  // namespace latchkey::scim
