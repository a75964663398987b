// A device that has joined a server over the wire, for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "running_server.h"
#include "testing/control_client.h"

namespace latchkey {

// One device that has joined and polls.
struct Device {
  Device(RunningServer& server, const SecretString& key, std::string name)
      : client(server.port()), hostname(std::move(name)) {
    answer =
        client.ask("POST", "/machine/register", testing::register_body(keys, key.expose(), hostname)).json();
  }
  boost::json::object poll() {
    stream = client.begin("POST", "/machine/map", testing::map_body(keys, true, false, hostname));
    report();
    return client.next_with(stream, "Node");
  }
  void report() {
    const auto done = client.ask("POST", "/machine/map", testing::map_body(keys, false, true, hostname));
    EXPECT_EQ(done.status, 200);
    EXPECT_EQ(done.body, "");
  }
  // Reads on until a message holds the text.
  void wait_for(std::string_view text) {
    for (;;) {
      const auto message = client.next_message(stream);
      ASSERT_TRUE(message) << "the stream ended";
      if (message->find(text) != std::string::npos) return;
    }
  }
  std::string error() const {
    const auto* text = answer.if_contains("Error");
    return text ? std::string(text->as_string()) : std::string();
  }

  testing::ControlClient client;
  testing::DeviceKeys keys;
  std::string hostname;
  boost::json::object answer;
  std::int32_t stream = 0;
};

}  // namespace latchkey
