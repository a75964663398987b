// Whole cycles of identity providers, replayed: Entra ID with and without its flag aadOptscim062020, Okta's
// catalogue applications (PATCH) and self-made ones (PUT). The requests and what must be in each answer are
// in tests/data/scim-*.json.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "testing/scim_world.h"

namespace latchkey::http {
namespace {

namespace json = boost::json;
using testing::json_of;
using testing::ScimWorld;

json::value read_cycle(const std::string& name) {
  std::ifstream file(LATCHKEY_SOURCE_DIR "/tests/data/scim-" + name + ".json");
  std::stringstream text;
  text << file.rdbuf();
  return json::parse(text.str());
}

// Whether everything that is expected is there; lists have as many elements, in any order.
bool holds(const json::value& expected, const json::value& got) {
  if (expected.is_object()) {
    if (!got.is_object()) return false;
    return std::ranges::all_of(expected.get_object(), [&](const auto& member) {
      const auto* value = got.get_object().if_contains(member.key());
      return value != nullptr && holds(member.value(), *value);
    });
  }
  if (expected.is_array()) {
    if (!got.is_array() || got.get_array().size() != expected.get_array().size()) return false;
    return std::ranges::all_of(expected.get_array(), [&](const auto& element) {
      return std::ranges::any_of(got.get_array(), [&](const auto& each) { return holds(element, each); });
    });
  }
  return expected == got;
}

bool has(const json::value& body, std::string_view path) {
  const auto slash = path.find('/');
  const auto* value = body.as_object().if_contains(path.substr(0, slash));
  if (value == nullptr || slash == std::string_view::npos) return value != nullptr;
  return has(*value, path.substr(slash + 1));
}

class Cycle {
 public:
  explicit Cycle(ScimWorld& api) : api_(api) {}

  void run(const json::object& step) {
    const std::string name(step.at("name").as_string());
    std::vector<io::Header> headers;
    if (const auto* given = step.if_contains("headers")) {
      for (const auto& header : given->as_object()) {
        headers.push_back({std::string(header.key()), std::string(header.value().as_string())});
      }
    }
    const auto* body = step.if_contains("body");
    const auto answer =
        api_.scim(std::string(step.at("method").as_string()), filled(step.at("path").as_string()),
                  body == nullptr ? "" : filled(json::serialize(*body)), headers);
    ASSERT_EQ(answer.status, step.at("status").to_number<int>()) << name << "\n" << answer.body;
    if (answer.body.empty()) return;
    const auto got = json_of(answer);
    if (const auto* expected = step.if_contains("expect")) {
      EXPECT_TRUE(holds(json::parse(filled(json::serialize(*expected))), got)) << name << "\n" << answer.body;
    }
    if (const auto* absent = step.if_contains("absent")) {
      for (const auto& path : absent->as_array())
        EXPECT_FALSE(has(got, path.as_string())) << name << answer.body;
    }
    if (const auto* saved = step.if_contains("save")) {
      for (const auto& each : saved->as_object()) {
        known_[std::string(each.key())] =
            std::string(got.at(std::string(each.value().as_string())).as_string());
      }
    }
  }

 private:
  std::string filled(std::string_view text) const {
    std::string made(text);
    for (const auto& [name, value] : known_) {
      const auto place = "${" + name + "}";
      for (std::size_t at = 0; (at = made.find(place, at)) != std::string::npos; at += value.size()) {
        made.replace(at, place.size(), value);
      }
    }
    return made;
  }

  ScimWorld& api_;
  std::map<std::string, std::string> known_;
};

class ScimReplay : public ::testing::TestWithParam<const char*> {};

TEST_P(ScimReplay, Z6_AWholeCycleEndsAsExpected) {
  ScimWorld api;
  Cycle cycle(api);
  const auto data = read_cycle(GetParam());
  const auto& steps = data.at("steps").as_array();
  ASSERT_GT(steps.size(), 10U);
  for (const auto& step : steps) {
    api.clock.advance(seconds{1});
    cycle.run(step.as_object());
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Providers, ScimReplay, ::testing::Values("entra", "entra-flag", "okta", "okta-put"),
                         [](const auto& each) {
                           std::string name(each.param);
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace latchkey::http
