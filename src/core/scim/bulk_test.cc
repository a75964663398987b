#include "core/scim/bulk.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/scim/refusal.h"

namespace latchkey::scim {
namespace {

namespace json = boost::json;

constexpr BulkSupport kLimits{.max_operations = 5, .max_payload_bytes = 10'000};

Result<BulkRequest> read(const std::string& operations, const std::string& more = {},
                         std::size_t bytes = 100) {
  const auto body =
      json::parse(R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":)" +
                  operations + more + "}");
  return read_bulk(body.get_object(), bytes, kLimits);
}

std::string post(const std::string& name, const std::string& data = "{}",
                 const std::string& path = "/Users") {
  return R"({"method":"POST","path":")" + path + R"(","bulkId":")" + name + R"(","data":)" + data + "}";
}

std::string members(const std::string& name) {
  return R"({"displayName":"g","members":[{"value":"bulkId:)" + name + R"("}]})";
}

TEST(Bulk, PutsWhatIsReferredToBeforeWhatRefersToIt) {
  const auto request = read("[" + post("g", members("u"), "/Groups") + "," + post("x") + "," + post("u") +
                            R"(,{"method":"delete","path":"/Users/u1"}])");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->order, (std::vector<std::size_t>{1, 2, 0, 3}));
  for (const auto& operation : request->operations) EXPECT_FALSE(operation.refusal);
  EXPECT_EQ(request->operations[0].type, &group_type());
  EXPECT_EQ(request->operations[3].method, BulkOperation::Method::remove);
  EXPECT_EQ(request->operations[3].id, "u1");
}

TEST(Bulk, PutsIdsInPlaceOfReferences) {
  auto request =
      read("[" + post("u") + R"(,{"method":"PATCH","path":"/Groups/bulkId:g","data":{"a":["bulkId:u"]}},)" +
           post("g", R"({"displayName":"bulk"})", "/Groups") + "]");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->order, (std::vector<std::size_t>{0, 2, 1}));
  auto& patch = request->operations[1];
  auto unknown = patch;
  ASSERT_TRUE(resolve(patch, {{"u", "u7"}, {"g", "g2"}}).ok());
  EXPECT_EQ(patch.id, "g2");
  EXPECT_EQ(json::serialize(patch.data), R"({"a":["u7"]})");
  const auto missing = resolve(unknown, {{"g", "g2"}});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::conflict);
}

TEST(Bulk, RefusesCirclesAndReferencesToNothingAlone) {
  const auto request =
      read("[" + post("a", members("b"), "/Groups") + "," + post("b", members("a"), "/Groups") + "," +
           post("c", members("nobody"), "/Groups") + "," + post("d") + "," +
           post("e", members("e"), "/Groups") + "]");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->order, (std::vector<std::size_t>{2, 3, 0, 1, 4}));
  for (const std::size_t i : {0U, 1U, 2U, 4U}) {
    ASSERT_TRUE(request->operations[i].refusal) << i;
    EXPECT_EQ(request->operations[i].refusal->code, ErrorCode::conflict) << i;
  }
  EXPECT_FALSE(request->operations[3].refusal);
}

TEST(Bulk, RefusesMalformedOperationsAlone) {
  for (const std::string& operation : {
           std::string("1"),
           std::string("{}"),
           std::string(R"({"method":"GET","path":"/Users/u1"})"),
           std::string(R"({"method":"DELETE","path":"/Users"})"),
           std::string(R"({"method":"DELETE","path":"/Users/"})"),
           std::string(R"({"method":"DELETE","path":"/Users/a/b"})"),
           std::string(R"({"method":"DELETE","path":"/Usersx"})"),
           std::string(R"({"method":"DELETE","path":"/Things/a"})"),
           std::string(R"({"method":"POST","path":"/Users","data":{}})"),
           std::string(R"({"method":"POST","path":"/Users/u1","bulkId":"b","data":{}})"),
           std::string(R"({"method":"PUT","path":"/Users/u1"})"),
           std::string(R"({"method":"PUT","path":"/Users/u1","data":[]})"),
       }) {
    const auto request = read("[" + operation + "," + post("a") + "]");
    ASSERT_TRUE(request.ok()) << operation;
    ASSERT_TRUE(request->operations[0].refusal) << operation;
    EXPECT_EQ(request->operations[0].refusal->protocol_code, "invalidSyntax") << operation;
    EXPECT_FALSE(request->operations[1].refusal) << operation;
  }
  EXPECT_TRUE(read("[" + post("a") + "," + post("a") + "]")->operations[1].refusal);
}

TEST(Bulk, KeepsItsLimits) {
  const auto many = [](int count) {
    std::string list = "[" + post("a0");
    for (int i = 1; i < count; ++i) list += "," + post("a" + std::to_string(i));
    return list + "]";
  };
  EXPECT_TRUE(read(many(5)).ok());
  EXPECT_EQ(read(many(6)).error().code, ErrorCode::too_large);
  EXPECT_TRUE(read("[]", {}, 10'000).ok());
  EXPECT_EQ(read("[]", {}, 10'001).error().code, ErrorCode::too_large);
  EXPECT_EQ(read("[]", R"(,"failOnErrors":2)")->fail_on_errors, 2U);
  EXPECT_EQ(read("[]", R"(,"failOnErrors":null)")->fail_on_errors, 0U);
  for (const char* more : {R"(,"failOnErrors":0)", R"(,"failOnErrors":"1")", R"(,"failOnErrors":-1)"}) {
    EXPECT_EQ(read("[]", more).error().protocol_code, "invalidValue") << more;
  }
  EXPECT_EQ(read("{}").error().protocol_code, "invalidSyntax");
  EXPECT_EQ(read_bulk(json::object(), 2, kLimits).error().protocol_code, "invalidSyntax");
}

TEST(Bulk, AnswersEachOperation) {
  const auto request = read("[" + post("a") + "]");
  const auto& operation = request->operations[0];
  EXPECT_EQ(
      json::serialize(bulk_result(operation, 201, "https://l/Users/u1", "W/\"1\"", std::nullopt)),
      R"({"method":"POST","bulkId":"a","location":"https://l/Users/u1","version":"W/\"1\"","status":"201"})");
  const auto failed =
      bulk_result(operation, 400, {}, {}, error_body(refuse(ScimType::invalid_value, "x"), 400));
  EXPECT_EQ(failed.at("response").at("scimType"), "invalidValue");
  EXPECT_FALSE(failed.contains("location"));
  EXPECT_EQ(bulk_response({failed}).at("Operations").as_array().size(), 1U);
}

}  // namespace
}  // namespace latchkey::scim
