// What a hostile or broken provider may send: each is refused in bounded time, and nothing is changed by it.
#include <gtest/gtest.h>

#include <chrono>

#include "testing/scim_world.h"

namespace latchkey::http {
namespace {

using testing::json_of;
using testing::ScimWorld;
using testing::text_at;

class ScimAttack : public ::testing::Test {
 protected:
  // Generous: sanitizers and slow machines count too.
  static constexpr std::chrono::seconds kBound{10};

  io::Response bounded(const std::string& method, const std::string& path, const std::string& body = {}) {
    const auto begin = std::chrono::steady_clock::now();
    auto answer = api_.scim(method, path, body);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, kBound) << path;
    return answer;
  }
  static std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  }

  ScimWorld api_;
};

TEST_F(ScimAttack, AFilterOfHugeDepthOrLengthIsRefused) {
  for (const auto& filter : {repeated("(", 3000) + "a+pr" + repeated(")", 3000),
                             repeated("not+(", 700) + "a+pr" + repeated(")", 700),
                             "a+pr" + repeated("+or+a+pr", 500), std::string(100'000, 'a') + "+pr",
                             "emails%5B" + repeated("(", 100) + "value+pr" + repeated(")", 100) + "%5D"}) {
    const auto answer = bounded("GET", "/Users?filter=" + filter);
    EXPECT_EQ(answer.status, 400) << answer.body.substr(0, 200);
    EXPECT_EQ(text_at(answer, "scimType"), "invalidFilter");
  }
}

TEST_F(ScimAttack, APatchBombIsRefused) {
  const auto id = api_.make_user("ines");
  const auto group = api_.make_group("ops");
  const std::string op = R"({"op":"add","path":"displayName","value":"x"},)";
  auto many = "[" + repeated(op, 1001);
  many.back() = ']';
  EXPECT_EQ(text_at(api_.patch("/Users/" + id, many), "scimType"), "tooMany");
  std::vector<std::string> ids(21'000, "u");
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] += std::to_string(i);
  EXPECT_EQ(text_at(api_.patch("/Groups/" + group, R"([{"op":"add","path":"members","value":)" +
                                                       ScimWorld::members_json(ids) + "}]"),
                    "scimType"),
            "tooMany");
  // Each element of a long list, looked for by each of many operations.
  const std::string look =
      R"({"op":"replace","path":"emails[value co \"x\" or value co \"y\"].display","value":"z"},)";
  std::string emails;
  for (int i = 0; i < 900; ++i)
    emails += (i ? "," : "") + std::string(R"({"value":"x)") + std::to_string(i) + "\"}";
  auto work = R"([{"op":"add","path":"emails","value":[)" + emails + "]}," + repeated(look, 990);
  work.back() = ']';
  const auto answer =
      bounded("PATCH", "/Users/" + id,
              R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":)" + work + "}");
  EXPECT_TRUE(answer.status == 200 || answer.status == 400) << answer.body.substr(0, 200);
  EXPECT_EQ(api_.scim("GET", "/Users/" + id).status, 200);
}

TEST_F(ScimAttack, DeepJsonIsRefused) {
  const auto deep = R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a","x":)" +
                    repeated("[", 5000) + repeated("]", 5000) + "}";
  EXPECT_EQ(text_at(bounded("POST", "/Users", deep), "scimType"), "invalidSyntax");
}

TEST_F(ScimAttack, ABulkBombIsRefusedAsAWhole) {
  std::string operations;
  for (int i = 0; i < 1001; ++i)
    operations += (i ? "," : "") + std::string(R"({"method":"DELETE","path":"/Users/u"})");
  const std::string begin =
      R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[)";
  EXPECT_EQ(bounded("POST", "/Bulk", begin + operations + "]}").status, 413);
  EXPECT_EQ(bounded("POST", "/Bulk", begin + std::string(1100 * 1024, ' ') + "]}").status, 413);
  // References in a circle.
  std::string circle;
  for (int i = 0; i < 500; ++i) {
    circle +=
        (i ? "," : "") + std::string(R"({"method":"POST","path":"/Groups","bulkId":"b)") + std::to_string(i) +
        R"(","data":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"g)" +
        std::to_string(i) + R"(","members":[{"value":"bulkId:b)" + std::to_string((i + 1) % 500) + R"("}]}})";
  }
  const auto answer = bounded("POST", "/Bulk", begin + circle + "]}");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(json_of(api_.scim("GET", "/Groups?count=0")).at("totalResults"), 0);
}

TEST_F(ScimAttack, AKeyThatEndedIsStoppedWhenItKeepsComing) {
  const http::ApplicationSettings settings{.guard = {.failures_per_second = 1, .failure_burst = 5}};
  ScimWorld world(settings);
  ASSERT_EQ(world.scim("GET", "/Users").status, 200);
  ASSERT_EQ(world.call("DELETE", "/api/console/provisioning/key", world.owner).status, 200);
  int last = 0;
  for (int i = 0; i < 20; ++i) {
    const auto answer = world.scim("GET", "/Users");  // ended: it is looked up each time
    last = answer.status;
    EXPECT_EQ(answer.content_type, "application/scim+json");
  }
  EXPECT_EQ(last, 429);
}

}  // namespace
}  // namespace latchkey::http
