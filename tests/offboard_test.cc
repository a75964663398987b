// Somebody with everything leaves a running server, by the command line: dry run, then for real.
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "app/command_line.h"
#include "base/text.h"
#include "running_server.h"
#include "wire_device.h"

namespace latchkey {
namespace {

constexpr const char* kLogin = "mira@example.com";
constexpr const char* kKeys = "/api/v2/tailnet/-/keys";

class Leaving : public ::testing::Test {
 protected:
  Leaving() {
    for (const auto* login : {kLogin, "ben@example.com"}) {
      const boost::json::object person{{"loginName", login}, {"role", "admin"}};
      const auto made = server_.call("POST", "/api/console/users", boost::json::serialize(person));
      EXPECT_EQ(made.status, 200) << made.body;
    }
    token_ = secret_of(command({"keys", "create", "--type", "api", "--user", kLogin}));
  }

  struct Said {
    int code = 0;
    std::string out, err;
  };
  // As the local administrator.
  Said command(std::vector<std::string> words) {
    const auto directory = server_.settings().data_dir.string();
    words.insert(words.begin(), "latchkey");
    words.insert(words.end(), {"--data-dir", directory});
    std::vector<const char*> pointers;
    for (const auto& word : words) pointers.push_back(word.c_str());
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    app::Screen screen(in, out, err, {});
    const int code = app::run_command_line(static_cast<int>(pointers.size()), pointers.data(), screen);
    return {code, out.str(), err.str()};
  }
  static SecretString secret_of(const Said& said) {
    EXPECT_EQ(said.code, 0) << said.err;
    return SecretString(std::string(trim(said.out)));
  }
  boost::json::object make(const std::string& body) {
    const auto answer = server_.call_as(token_, "POST", kKeys, body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.json().as_object();
  }
  SecretString key_in(const boost::json::object& made) {
    return SecretString(std::string(made.at("key").as_string()));
  }
  int whoami(const SecretString& token) { return server_.call_as(token, "GET", "/api/v2/whoami").status; }
  int mint(const SecretString& client) {
    return server_.post_form("/api/v2/oauth/token", "client_secret=" + std::string(client.expose())).status;
  }
  std::set<std::string> devices() {
    std::set<std::string> names;
    const auto answer = server_.call("GET", "/api/v2/tailnet/-/devices?fields=all").json();
    for (const auto& device : answer.at("devices").as_array()) {
      names.insert(std::string(device.at("hostname").as_string()) + " " +
                   std::string(device.at("user").as_string()));
    }
    return names;
  }

  RunningServer server_;
  SecretString token_;
};

TEST_F(Leaving, R39_EverythingThatIsHisIsRefusedAfterwardsAndTheReportNamesEachRecord) {
  ASSERT_EQ(server_.call("POST", "/api/v2/tailnet/-/acl", R"({"tagOwners":{"tag:ci":[]}})").status, 200);
  const auto own = make(R"({"capabilities":{"devices":{"create":{"reusable":true}}}})");
  const auto tagged = make(R"({"capabilities":{"devices":{"create":{"reusable":true,"tags":["tag:ci"]}}}})");
  const auto kept = make(R"({"keyType":"client","scopes":["dns"],"description":"kept"})");
  const auto ended = make(R"({"keyType":"client","scopes":["dns"],"description":"ended"})");
  Device laptop(server_, key_in(own), "laptop");
  ASSERT_EQ(laptop.error(), "");
  Device runner(server_, key_in(tagged), "runner");
  ASSERT_EQ(runner.error(), "");
  ASSERT_EQ(mint(key_in(kept)), 200);

  const auto shown = command({"offboard", kLogin, "--dry-run", "--delete"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  for (const auto* word : {"laptop", "runner", "kept", "ended", "API access token", "auth key", "goes on"}) {
    EXPECT_NE(shown.out.find(word), std::string::npos) << word << "\n" << shown.out;
  }
  EXPECT_EQ(whoami(token_), 200) << "a dry run changes nothing";
  EXPECT_NE(command({"offboard", kLogin}).code, 0) << "nobody is there to ask";

  const auto file = server_.settings().data_dir / "report.json";
  const auto done =
      command({"offboard", kLogin, "--delete", "--revoke", std::string(ended.at("id").as_string()),
               "--reason", "left", "--report", file.string(), "--yes"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_NE(done.err.find("The audit log is whole"), std::string::npos) << done.err;

  EXPECT_EQ(whoami(token_), 401);
  EXPECT_NE(Device(server_, key_in(own), "late").error(), "");
  EXPECT_NE(Device(server_, key_in(tagged), "later").error(), "");
  EXPECT_EQ(mint(key_in(ended)), 401);
  EXPECT_EQ(mint(key_in(kept)), 200) << "clients go on unless chosen";
  EXPECT_EQ(devices(), (std::set<std::string>{"runner tagged-devices"}));

  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  const auto report = boost::json::parse(text.str());
  std::multiset<std::string> events;
  for (const auto& record : report.at("records").as_array()) {
    EXPECT_GT(record.at("record").as_int64(), 0);
    EXPECT_EQ(record.at("eventGroupID"), report.at("eventGroupID"));
    events.insert(std::string(record.at("event").as_string()));
  }
  EXPECT_EQ(events.count("API_KEY.REVOKE"), 4U) << "the token, two auth keys, a client";
  EXPECT_EQ(events.count("NODE.DELETE"), 1U);
  EXPECT_EQ(events.count("USER.DELETE"), 1U);
  EXPECT_EQ(report.at("auditLog").at("whole"), true);
  EXPECT_EQ(command({"offboard", kLogin, "--delete", "--yes"}).code, 1) << "he is gone";
}

TEST_F(Leaving, HandedOverDevicesStayConnectedAndAreAnothersPersons) {
  const auto own = make(R"({"capabilities":{"devices":{"create":{"reusable":true}}}})");
  Device laptop(server_, key_in(own), "laptop");
  ASSERT_EQ(laptop.error(), "");
  laptop.poll();
  const auto done = command({"offboard", kLogin, "--delete", "--hand-over-to", "ben@example.com", "--yes"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(devices(), (std::set<std::string>{"laptop ben@example.com"}));
  laptop.wait_for("ben@example.com");
}

TEST_F(Leaving, RevokingByQueryShowsFirstAndEndsThat) {
  const auto own = make(R"({"capabilities":{"devices":{"create":{"reusable":true}}}})");
  Device laptop(server_, key_in(own), "laptop");
  ASSERT_EQ(laptop.error(), "");
  const auto query = "user:" + std::string(kLogin) + " created>1h";
  const auto shown = command({"keys", "revoke", "--matching", query, "--dry-run"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_NE(shown.err.find("2 keys would be revoked"), std::string::npos) << shown.err;
  EXPECT_EQ(whoami(token_), 200);
  const auto done = command({"keys", "revoke", "--matching", query, "--reason", "stolen", "--yes"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(whoami(token_), 401);
  EXPECT_NE(Device(server_, key_in(own), "late").error(), "");
  EXPECT_EQ(devices().size(), 1U) << "what joined stays";
  EXPECT_NE(command({"keys", "revoke", "--matching", "kind:x", "--yes"}).code, 0);
}

}  // namespace
}  // namespace latchkey
