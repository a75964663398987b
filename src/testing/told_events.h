// A tailnet with an endpoint that subscribes to everything: what it is told.
#pragma once

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/identity/authorize.h"
#include "testing/webhook_world.h"

namespace latchkey::testing {

class ToldEvents : public ::testing::Test {
 protected:
  using Events = std::vector<boost::json::object>;

  ToldEvents() {
    world_.caller(identity::Role::it_admin);
    world_.now += seconds{1};
    endpoint_ =
        world_.add_endpoint({"categoryTailnetManagement", "categoryDeviceMisconfigurations"}).endpoint.id;
    world_.now += seconds{1};
  }
  // Since it was asked last.
  Events told() {
    auto events = world_.told(endpoint_);
    for (const auto& event : events) {
      EXPECT_EQ(boost::json::serialize(event).find("tskey-"), std::string::npos) << "R36: no secret";
    }
    return events;
  }
  void forget_told() { told(); }
  template <class Work>
  void write(Work work) {
    const auto done = world_.db().write_now([&](core::Tx& tx) -> Result<void> {
      work(tx);
      return {};
    });
    ASSERT_TRUE(done.ok());
  }
  template <identity::Operation operation>
  auto may(identity::Role role = identity::Role::owner) {
    return *identity::authorize<operation>(world_.caller(role));
  }
  static std::string text(const boost::json::object& event, std::string_view name) {
    return std::string(std::string_view(event.at(name).as_string()));
  }

  WebhookWorld world_;
  EndpointId endpoint_;
};

}  // namespace latchkey::testing
