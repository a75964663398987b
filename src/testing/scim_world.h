// An ApiWorld with provisioning enabled, and requests with its key.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "testing/api_world.h"

namespace latchkey::testing {

class ScimWorld : public ApiWorld {
 public:
  explicit ScimWorld(http::ApplicationSettings settings = {}) : ApiWorld(std::move(settings)) {
    context().public_url = "https://latchkey.example";
    owner = token(identity::Role::owner);
    const auto made = call("POST", "/api/console/provisioning/enable", owner);
    key = std::string(json_of(made).at("key").as_string());
  }

  std::string owner;  // an API access token
  std::string key;

  io::Response scim(const std::string& method, const std::string& path, const std::string& body = {},
                    std::vector<io::Header> headers = {}) {
    if (!body.empty()) headers.push_back({"Content-Type", "application/scim+json; charset=utf-8"});
    return call(method, "/scim/v2" + path, key, {std::move(headers), body});
  }

  // The id of a new one.
  std::string make_user(const std::string& user_name, const std::string& more = {}) {
    const auto made = scim("POST", "/Users",
                           R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":")" +
                               user_name + "\"" + more + "}");
    return std::string(json_of(made).at("id").as_string());
  }
  std::string make_group(const std::string& name, const std::vector<std::string>& members = {}) {
    const auto made = scim("POST", "/Groups",
                           R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":")" +
                               name + R"(","members":)" + members_json(members) + "}");
    return std::string(json_of(made).at("id").as_string());
  }
  static std::string members_json(const std::vector<std::string>& members) {
    boost::json::array list;
    for (const auto& id : members) list.push_back(boost::json::object{{"value", id}});
    return boost::json::serialize(list);
  }
  // A PATCH with these operations, as JSON text.
  io::Response patch(const std::string& path, const std::string& operations) {
    return scim(
        "PATCH", path,
        R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":)" + operations + "}");
  }

  identity::User user(const std::string& id);
};

inline std::string text_at(const io::Response& response, const char* member) {
  const auto json = json_of(response);
  const auto* value = json.as_object().if_contains(member);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

inline std::string header_of(const io::Response& response, std::string_view name) {
  for (const auto& header : response.headers) {
    if (header.name == name) return header.value;
  }
  return {};
}

inline identity::User ScimWorld::user(const std::string& id) {
  return *world.db().read_now([&](core::Tx& tx) -> Result<identity::User> {
    const auto found = tx.users().find(world.tailnet().tailnet.id, UserId(id));
    if (!found) return not_found("gone");
    return *found;
  });
}

}  // namespace latchkey::testing
