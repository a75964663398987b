// Further relays from an address (derp_map.url), as devices see them.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "io/server_under_test.h"
#include "running_server.h"
#include "wire_device.h"

namespace latchkey {
namespace {

std::string map_with(int region) {
  const auto number = std::to_string(region);
  return R"({"Regions":{")" + number + R"(":{"RegionID":)" + number + R"(,"RegionCode":"r)" + number +
         R"(","RegionName":"R","Nodes":[{"Name":")" + number + R"(a","RegionID":)" + number +
         R"(,"HostName":"relay.example"}]}}})";
}

// Where relays are published.
class Publisher {
 public:
  void publish(std::string text) {
    const std::lock_guard lock(mutex_);
    text_ = std::move(text);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(under_.port) + "/derp.json"; }
  int asked() const { return asked_; }

 private:
  io::awaitable<io::Response> answer(io::Request&) {
    ++asked_;
    io::Response response;
    const std::lock_guard lock(mutex_);
    response.body = text_;
    if (text_.empty()) response.status = 500;
    co_return response;
  }

  std::mutex mutex_;
  std::string text_;
  std::atomic<int> asked_{0};
  io::ServerUnderTest under_{[this](io::Request& request) { return answer(request); }};
};

class DerpMapUrl : public ::testing::Test {
 protected:
  void serve_with_url() {
    server.stop();
    server.settings().derp_map_url = publisher.url();
    server.settings().derp_map_refresh = seconds(1);
    server.start();
  }
  // What a device is told that comes now.
  boost::json::object regions() {
    Device device(server, server.auth_key(), "one");
    const auto map = device.poll();
    return map.at("DERPMap").at("Regions").as_object();
  }
  void wait_for_questions(int more) {
    const auto enough = publisher.asked() + more;
    while (publisher.asked() < enough) std::this_thread::sleep_for(milliseconds(10));
  }

  Publisher publisher;
  RunningServer server;
};

TEST_F(DerpMapUrl, DevicesAreToldOfItAndOfEachChange) {
  publisher.publish(map_with(901));
  serve_with_url();
  Device device(server, server.auth_key(), "one");
  const auto map = device.poll();
  EXPECT_TRUE(map.at("DERPMap").at("Regions").as_object().contains("901"));
  EXPECT_TRUE(map.at("DERPMap").at("Regions").as_object().contains("900"));
  publisher.publish(map_with(902));
  const auto told = device.client.next_with(device.stream, "DERPMap");
  EXPECT_TRUE(told.at("DERPMap").at("Regions").as_object().contains("902"));
  EXPECT_FALSE(told.at("DERPMap").at("Regions").as_object().contains("901"));
}

TEST_F(DerpMapUrl, WhatIsMalformedOrAwayChangesNothing) {
  publisher.publish(map_with(901));
  serve_with_url();
  for (const auto* text : {"{", "", R"({"Regions":{"900":{}}})"}) {
    publisher.publish(text);
    wait_for_questions(2);
    EXPECT_TRUE(regions().contains("901")) << text;
  }
}

TEST_F(DerpMapUrl, AStartNeedsNobodyElseOnceACopyIsThere) {
  publisher.publish(map_with(901));
  serve_with_url();
  publisher.publish("");
  server.stop();
  server.start();
  EXPECT_TRUE(regions().contains("901"));
}

TEST_F(DerpMapUrl, TheEmbeddedRelayIsEnoughForAFirstStart) {
  serve_with_url();
  EXPECT_EQ(regions().size(), 1U);
  publisher.publish(map_with(901));
  wait_for_questions(2);
  EXPECT_TRUE(regions().contains("901"));
}

}  // namespace
}  // namespace latchkey
