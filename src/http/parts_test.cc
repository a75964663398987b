// Router and client addresses by themselves.
#include <gtest/gtest.h>

#include "http/client_address.h"
#include "http/responses.h"
#include "http/router.h"

namespace latchkey::http {
namespace {

TEST(Router, DecodesElementsAfterSplitting) {
  const Router router(routes());
  const auto match = router.find("GET", "/api/v2/tailnet/alice%40example.com/keys/a%2Fb");
  ASSERT_TRUE(match.ok());
  EXPECT_EQ(match->path.at("tailnet"), "alice@example.com");
  EXPECT_EQ(match->path.at("keyId"), "a/b");
}

TEST(Router, RefusesEmptyElementsAndBadEscapes) {
  const Router router(routes());
  EXPECT_EQ(router.find("GET", "/api/v2/tailnet//keys").error().code, ErrorCode::not_found);
  EXPECT_EQ(router.find("GET", "/api/v2/tailnet/%zz/keys").error().code, ErrorCode::malformed_input);
  EXPECT_EQ(router.find("GET", "/api/v2/tailnet/%00/keys").error().code, ErrorCode::malformed_input);
  EXPECT_EQ(router.find("GET", "")->route->operation_id, "showHome") << "no path is the first page";
}

io::Request from(std::string peer, std::vector<std::string> forwarded) {
  io::Request request;
  request.peer.address = std::move(peer);
  for (auto& value : forwarded) request.headers.push_back({"x-forwarded-for", std::move(value)});
  return request;
}

TEST(ClientAddress, BelievesTrustedProxiesOnly) {
  const std::vector trusted{*AddressBlock::parse("10.0.0.0/8"), *AddressBlock::parse("::1")};
  EXPECT_EQ(client_address(from("198.51.100.1", {"203.0.113.9"}), trusted), "198.51.100.1");
  EXPECT_EQ(client_address(from("10.0.0.1", {"203.0.113.9"}), trusted), "203.0.113.9");
  EXPECT_EQ(client_address(from("10.0.0.1", {"203.0.113.9, 10.2.3.4"}), trusted), "203.0.113.9");
  // What the client wrote itself stands further left and is not believed.
  EXPECT_EQ(client_address(from("10.0.0.1", {"1.2.3.4, 203.0.113.9"}), trusted), "203.0.113.9");
  EXPECT_EQ(client_address(from("10.0.0.1", {"203.0.113.9", "10.2.3.4"}), trusted), "203.0.113.9");
  EXPECT_EQ(client_address(from("10.0.0.1", {"not an address"}), trusted), "10.0.0.1");
  EXPECT_EQ(client_address(from("::1", {"[2001:db8::1]:443"}), trusted), "2001:db8::1");
  EXPECT_EQ(client_address(from("10.0.0.1", {}), trusted), "10.0.0.1");
  EXPECT_EQ(client_address(from("10.0.0.1", {"203.0.113.9"}), {}), "10.0.0.1");
}

TEST(AddressBlock, ContainsItsAddresses) {
  EXPECT_TRUE(AddressBlock::parse("192.0.2.128/25")->contains("192.0.2.129"));
  EXPECT_FALSE(AddressBlock::parse("192.0.2.128/25")->contains("192.0.2.127"));
  EXPECT_TRUE(AddressBlock::parse("0.0.0.0/0")->contains("8.8.8.8"));
  EXPECT_FALSE(AddressBlock::parse("0.0.0.0/0")->contains("2001:db8::1"));
  EXPECT_TRUE(AddressBlock::parse("192.0.2.1")->contains("::ffff:192.0.2.1"));
  for (const char* wrong : {"", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/x", "10.0.0.0/"}) {
    EXPECT_FALSE(AddressBlock::parse(wrong).ok()) << wrong;
  }
}

TEST(ErrorResponses, EveryCodeHasAStatusFrom400OnAndAMessage) {
  for (const auto code :
       {ErrorCode::malformed_input, ErrorCode::unauthenticated, ErrorCode::forbidden, ErrorCode::not_found,
        ErrorCode::method_not_allowed, ErrorCode::conflict, ErrorCode::too_large, ErrorCode::rate_limited,
        ErrorCode::unavailable, ErrorCode::internal}) {
    const auto response = error_response(Error{code, "say what to change", "for the log", {}});
    EXPECT_GE(response.status, 400);
    EXPECT_NE(response.body.find("say what to change"), std::string::npos);
    EXPECT_EQ(response.body.find("for the log"), std::string::npos);
    EXPECT_EQ(response.content_type, "application/json");
  }
}

}  // namespace
}  // namespace latchkey::http
