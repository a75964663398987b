// What a session may do, how it ends, and how little another site can do with it.
#include "core/signon/sessions.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "core/join/pending_login.h"
#include "testing/sign_on_world.h"

namespace latchkey::http {
namespace {

using identity::Role;
using testing::header_of;
using testing::json_of;
using testing::SignOnWorld;

constexpr const char* kCookie = "__Host-lk_session";

class Sessions : public ::testing::Test {
 protected:
  explicit Sessions(ApplicationSettings settings = {}) : world_(std::move(settings)) {}

  // Signed in by a one-time link, as the machine's administrator gives it out.
  SignOnWorld::Browser signed_in(Role role, std::string address = "192.0.2.7") {
    SignOnWorld::Browser browser(world_.api, std::move(address));
    const auto answer = browser.post("/auth/link", "code=" + link(role));
    EXPECT_EQ(answer.status, 303) << answer.body;
    return browser;
  }
  std::string link(Role role) {
    const auto login = world_.api.world.user(role).login_name;
    const auto made = world_.api.call_locally("POST", "/api/console/login-links",
                                              {.headers = {{"X-Latchkey-User", login}}, .body = "{}"});
    EXPECT_EQ(made.status, 200) << made.body;
    const std::string path(json_of(made).at("path").as_string());
    return path.substr(path.find('=') + 1);
  }
  int status(SignOnWorld::Browser& browser) { return browser.get("/api/console/session").status; }
  boost::json::array listed(SignOnWorld::Browser& browser, const std::string& query = "") {
    return json_of(browser.get("/api/console/sessions" + query)).at("sessions").as_array();
  }
  std::string id_of(SignOnWorld::Browser& browser) {
    return std::string(json_of(browser.get("/api/console/session")).at("id").as_string());
  }

  SignOnWorld world_;
};

TEST_F(Sessions, R39_ThePreviewOfAnOffboardingShowsThem) {
  auto his = signed_in(Role::network_admin, "198.51.100.4");
  auto owner = signed_in(Role::owner);
  const auto preview = [&] {
    const auto id = world_.api.world.user(Role::network_admin).id.str();
    return json_of(owner.get("/api/console/users/" + id + "/offboarding")).as_object();
  };
  const auto shown = preview();
  const auto& holdings = shown.at("holdings").as_array();
  ASSERT_EQ(holdings.size(), 1U);
  EXPECT_EQ(holdings[0].at("kind"), "session");
  EXPECT_EQ(holdings[0].at("id").as_string(), id_of(his));
  EXPECT_EQ(holdings[0].at("lastUsedFrom"), "198.51.100.4");
  EXPECT_EQ(holdings[0].at("ifDeleted"), "ends");
  auto another = signed_in(Role::network_admin);
  EXPECT_EQ(preview().at("fingerprint"), shown.at("fingerprint")) << "they come and go";
}

TEST_F(Sessions, AOneTimeLinkIsUsedByAPressAndOnce) {
  auto browser = world_.browser();
  const auto code = link(Role::owner);
  // Whoever previews the link does not use it up.
  for (int i = 0; i < 3; ++i) {
    const auto page = browser.get("/auth/link?code=" + code);
    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.body.find("<form method=\"post\" action=\"/auth/link\">"), std::string::npos);
    EXPECT_TRUE(page.sensitive);
  }
  EXPECT_EQ(browser.post("/auth/link", "code=" + code).status, 303);
  EXPECT_EQ(status(browser), 200);
  EXPECT_EQ(json_of(browser.get("/api/console/session")).at("role").as_string(), "owner");
  auto second = world_.browser();
  EXPECT_EQ(second.post("/auth/link", "code=" + code).status, 400);
  EXPECT_EQ(status(second), 401);
}

TEST_F(Sessions, ALinkEndsAfterTenMinutesAndWhenAnotherIsMade) {
  auto browser = world_.browser();
  const auto first = link(Role::owner);
  const auto second = link(Role::owner);
  EXPECT_EQ(browser.post("/auth/link", "code=" + first).status, 400);
  world_.api.clock.advance(minutes{10});
  EXPECT_EQ(browser.post("/auth/link", "code=" + second).status, 400);
}

TEST_F(Sessions, ALinkOfWhoWasSuspendedMeanwhileLetsNobodyIn) {
  auto browser = world_.browser();
  const auto code = link(Role::member);
  world_.api.world.set_status(Role::member, identity::UserStatus::suspended);
  EXPECT_EQ(browser.post("/auth/link", "code=" + code).status, 400);
  world_.api.world.set_status(Role::member, identity::UserStatus::active);
  EXPECT_EQ(browser.post("/auth/link", "code=" + code).status, 400) << "it was used up";
}

TEST_F(Sessions, ACookieThatStandsTwiceIsNobodys) {
  auto browser = signed_in(Role::owner);
  const auto mine = std::string(kCookie) + "=" + browser.cookies[kCookie];
  const auto status_with = [&](std::vector<io::Header> headers) {
    return world_.api.call("GET", "/api/console/session", {}, {.headers = std::move(headers)}).status;
  };
  EXPECT_EQ(status_with({{"Cookie", "a=b; " + mine}}), 200);
  EXPECT_EQ(status_with({{"Cookie", mine + "; " + kCookie + "=" + std::string(43, 'A')}}), 401);
  EXPECT_EQ(status_with({{"Cookie", mine}, {"Cookie", mine}}), 401);
}

TEST_F(Sessions, GuessedCookiesAreThrottledAndLockNobodyOut) {
  auto browser = signed_in(Role::owner);
  ASSERT_EQ(status(browser), 200);
  auto guesser = world_.browser();
  guesser.cookies[kCookie] = std::string(43, 'A');
  for (int i = 0; i < 500; ++i) ASSERT_EQ(status(guesser), 401) << i;
  EXPECT_EQ(status(guesser), 429);
  EXPECT_EQ(status(browser), 200) << "from the same address";
}

TEST_F(Sessions, GuessedLinksAreThrottled) {
  auto browser = world_.browser();
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(browser.post("/auth/link", "code=" + std::string(43, 'A')).status, 400);
  const auto code = link(Role::owner);
  EXPECT_EQ(browser.post("/auth/link", "code=" + code).status, 429);
  browser.address = "198.51.100.9";
  EXPECT_EQ(browser.post("/auth/link", "code=" + code).status, 303) << "it was not used up";
}

class ChangesOfASession : public Sessions {
 protected:
  ChangesOfASession() : Sessions({.writes_per_second = 0.001, .write_burst = 2}) {}
};

TEST_F(ChangesOfASession, AreLimitedForEach) {
  auto browser = signed_in(Role::owner);
  for (const int wanted : {200, 200, 429}) {
    EXPECT_EQ(browser.change("POST", "/api/console/access-tokens").status, wanted);
  }
  EXPECT_EQ(status(browser), 200);
  auto another = signed_in(Role::owner);
  EXPECT_EQ(another.change("POST", "/api/console/access-tokens").status, 200);
}

TEST_F(Sessions, PagesComeByTlsFromThenOnWhereTheServerDoes) {
  auto browser = world_.browser();
  EXPECT_EQ(header_of(browser.get("/"), "Strict-Transport-Security"), "");
  world_.api.context().public_url = "https://login.example.com";
  EXPECT_EQ(header_of(browser.get("/"), "Strict-Transport-Security"), "max-age=31536000");
}

TEST_F(Sessions, LinksAreMadeOnTheMachineAloneAndForWhoMaySignIn) {
  const auto token = world_.api.token(Role::owner);
  EXPECT_EQ(world_.api.call("POST", "/api/console/login-links", token, {.body = "{}"}).status, 403);
  EXPECT_EQ(world_.api.call("POST", "/api/console/login-links", {}, {.body = "{}"}).status, 401);
  world_.api.world.user(Role::member);
  world_.api.world.set_status(Role::member, identity::UserStatus::suspended);
  const auto login = world_.api.world.user(Role::member).login_name;
  EXPECT_EQ(world_.api
                .call_locally("POST", "/api/console/login-links",
                              {.headers = {{"X-Latchkey-User", login}}, .body = "{}"})
                .status,
            409);
}

TEST_F(Sessions, ALinkCannotBePressedByAnotherSite) {
  // Else an attacker signs the victim in as somebody whose things the attacker reads afterwards.
  for (const char* site : {"cross-site", "same-site", "none"}) {
    auto browser = world_.browser();
    EXPECT_EQ(browser.post("/auth/link", "code=" + link(Role::owner), site).status, 403) << site;
    EXPECT_EQ(status(browser), 401);
  }
}

TEST_F(Sessions, ACookieIsNothingOnTheApiAndATokenIsNoSession) {
  auto browser = signed_in(Role::owner);
  for (const char* path : {"/api/v2/whoami", "/api/v2/tailnet/-/keys", "/api/v2/tailnet/-/users"}) {
    EXPECT_EQ(browser.get(path).status, 401) << path;
  }
  EXPECT_EQ(browser.change("POST", "/api/v2/tailnet/-/keys").status, 401);
  const auto token = world_.api.token(Role::owner);
  EXPECT_EQ(world_.api.call("GET", "/api/console/session", token).status, 404);
  // With both, the token counts: it says who asks in every client.
  auto options =
      testing::CallOptions{.headers = {{"Cookie", std::string(kCookie) + "=" + browser.cookies[kCookie]}}};
  EXPECT_EQ(world_.api.call("GET", "/api/console/session", token, options).status, 404);
  EXPECT_EQ(world_.api.call("GET", "/api/console/session", "tskey-api-wrong", options).status, 401);
}

TEST_F(Sessions, AChangeNeedsAllThreeProofsOfItsOrigin) {
  struct Case {
    std::vector<io::Header> headers;
    bool good;
  };
  const io::Header json{"Content-Type", "application/json"};
  const io::Header csrf{"X-Latchkey-CSRF", "1"};
  const io::Header same{"Sec-Fetch-Site", "same-origin"};
  const io::Header origin{"Origin", "http://localhost:8080"};
  const Case cases[] = {
      {{json, csrf, same}, true},
      {{json, csrf, origin}, true},
      {{{"Content-Type", "application/json; charset=utf-8"}, csrf, same}, true},
      {{json, csrf}, false},
      {{json, same}, false},
      {{csrf, same}, false},
      {{{"Content-Type", "text/plain"}, csrf, same}, false},
      {{{"Content-Type", "application/x-www-form-urlencoded"}, csrf, same}, false},
      {{{"Content-Type", "text/plain; application/json"}, csrf, same}, false},
      {{json, {"X-Latchkey-CSRF", "0"}, same}, false},
      {{json, csrf, {"Sec-Fetch-Site", "cross-site"}}, false},
      {{json, csrf, {"Sec-Fetch-Site", "same-site"}}, false},
      {{json, csrf, {"Sec-Fetch-Site", "none"}}, false},
      {{json, csrf, {"Sec-Fetch-Site", "cross-site"}, origin}, false},
      {{json, csrf, same, {"Sec-Fetch-Site", "cross-site"}}, false},
      {{json, csrf, {"Origin", "http://evil.example"}}, false},
      {{json, csrf, {"Origin", "http://localhost:8081"}}, false},
      {{json, csrf, {"Origin", "https://localhost:8080"}}, false},
      {{json, csrf, {"Origin", "http://localhost:8080.evil.example"}}, false},
      {{json, csrf, {"Origin", "null"}}, false},
      {{json, csrf, {"Origin", ""}}, false},
  };
  auto browser = signed_in(Role::owner);
  for (const char* method : {"DELETE", "POST"}) {
    for (std::size_t at = 0; at < std::size(cases); ++at) {
      const auto* target = std::string_view(method) == "POST" ? "/api/console/sso/providers/idp/check"
                                                              : "/api/console/sessions/sNone";
      const auto answer = browser.send(method, target, {.headers = cases[at].headers, .body = "{}"});
      EXPECT_EQ(answer.status != 403, cases[at].good) << method << " case " << at << ": " << answer.body;
    }
  }
  EXPECT_EQ(status(browser), 200);
}

TEST_F(Sessions, FormsOfOtherSitesEndNothing) {
  auto browser = signed_in(Role::owner);
  const auto proof = browser.proof();
  ASSERT_NE(proof, "");
  for (const char* site : {"cross-site", "same-site", "none", ""}) {
    EXPECT_EQ(browser.post("/auth/logout", "proof=" + proof, site).status, 403) << site;
  }
  for (const char* form : {"", "proof=", "proof=x"}) {
    EXPECT_EQ(browser.post("/auth/logout", form).status, 403) << form;
  }
  // Browsers leave the cookie out of such a form: then nothing may drop it.
  auto without = world_.browser();
  EXPECT_EQ(header_of(without.post("/auth/logout", "", "cross-site"), "Set-Cookie"), "");
  // A proof of another session is none for this one.
  auto other = signed_in(Role::owner);
  EXPECT_EQ(browser.post("/auth/logout", "proof=" + other.proof()).status, 403);
  EXPECT_EQ(status(browser), 200);
}

TEST_F(Sessions, SigningOutEndsTheSessionAndNotOnlyTheCookie) {
  auto browser = signed_in(Role::owner);
  const auto cookie = browser.cookies[kCookie];
  const auto answer = browser.post("/auth/logout", "proof=" + browser.proof());
  EXPECT_EQ(answer.status, 303);
  EXPECT_EQ(header_of(answer, "Location"), "/auth/signed-out");
  EXPECT_EQ(header_of(answer, "Clear-Site-Data"), "\"cache\", \"storage\"");
  EXPECT_FALSE(browser.cookies.contains(kCookie));
  browser.cookies[kCookie] = cookie;
  EXPECT_EQ(status(browser), 401);
  EXPECT_EQ(world_.api.world.log({.events = {"ADMIN_CONSOLE.LOGOUT"}}).size(), 1U);
}

TEST_F(Sessions, EndsWhenIdleAndPollingDoesNotKeepItAlive) {
  auto browser = signed_in(Role::owner);
  world_.api.clock.advance(minutes{59});
  EXPECT_EQ(status(browser), 200);
  world_.api.clock.advance(minutes{59});
  EXPECT_EQ(status(browser), 200);
  world_.api.clock.advance(minutes{59});
  EXPECT_EQ(browser.send("GET", "/api/console/session", {.headers = {{"X-Latchkey-Background", "1"}}}).status,
            200);
  world_.api.clock.advance(minutes{1});
  EXPECT_EQ(status(browser), 401);
}

TEST_F(Sessions, EndsAfterTwelveHoursWhateverHappens) {
  auto browser = signed_in(Role::owner);
  for (int i = 0; i < 23; ++i) {
    world_.api.clock.advance(minutes{30});
    EXPECT_EQ(status(browser), 200) << i;
  }
  world_.api.clock.advance(minutes{30});
  EXPECT_EQ(status(browser), 401);
}

TEST_F(Sessions, AnotherRoleMeansAnotherCookieAndTheOldOneProvesATheft) {
  auto browser = signed_in(Role::admin);
  auto second = signed_in(Role::admin);
  const auto before = browser.cookies[kCookie];
  world_.api.world.set_role(Role::admin, Role::auditor);
  EXPECT_EQ(status(browser), 200);
  EXPECT_NE(browser.cookies[kCookie], before);
  EXPECT_EQ(json_of(browser.get("/api/console/session")).at("role").as_string(), "auditor");
  // A request that was under way.
  auto late = world_.browser();
  late.cookies[kCookie] = before;
  EXPECT_EQ(status(late), 200);
  // Somebody kept a copy.
  world_.api.clock.advance(seconds{31});
  EXPECT_EQ(status(late), 401);
  EXPECT_EQ(status(browser), 401);
  EXPECT_EQ(status(second), 401);
}

TEST_F(Sessions, WhoSignsInAnewAfterAnotherRoleHasTheNewSessionsCookie) {
  auto browser = signed_in(Role::admin);
  world_.api.world.set_role(Role::admin, Role::auditor);
  ASSERT_EQ(browser.post("/auth/link", "code=" + link(Role::admin)).status, 303);
  EXPECT_EQ(status(browser), 200);
  EXPECT_EQ(listed(browser).size(), 1U);

  const auto request = world_.begin(browser);
  world_.api.world.set_role(Role::admin, Role::it_admin);
  const auto back = SignOnWorld::callback(world_.idp.sign_in(request), request["state"], world_.idp.url());
  ASSERT_EQ(browser.get(back).status, 303);
  EXPECT_EQ(json_of(browser.get("/api/console/session")).at("loginName").as_string(),
            "alice@otter-reef.example");
}

TEST_F(Sessions, ARoleWithoutTheConsoleKeepsItsOwnSessionsAndNothingElse) {
  auto browser = signed_in(Role::admin);
  world_.api.world.set_role(Role::admin, Role::member);
  EXPECT_EQ(browser.get("/api/console/audit-verification").status, 403);
  EXPECT_EQ(browser.get("/api/console/sso/providers").status, 403);
  EXPECT_EQ(listed(browser).size(), 1U);
  EXPECT_EQ(browser.change("POST", "/api/console/access-tokens").status, 403);
}

TEST_F(Sessions, ASessionMakesAnApiTokenAsItsPerson) {
  auto browser = signed_in(Role::network_admin);
  const auto made = browser.change("POST", "/api/console/access-tokens");
  ASSERT_EQ(made.status, 200) << made.body;
  const std::string token(json_of(made).at("key").as_string());
  EXPECT_EQ(json_of(world_.api.call("GET", "/api/v2/whoami", token)).at("role").as_string(), "network-admin");
}

TEST_F(Sessions, APersonHasTenAtMostAndTheOldestGoes) {
  auto first = signed_in(Role::owner);
  for (int i = 0; i < 9; ++i) {
    world_.api.clock.advance(seconds{1});
    signed_in(Role::owner);
  }
  EXPECT_EQ(status(first), 200);
  auto last = signed_in(Role::owner);
  EXPECT_EQ(status(first), 401);
  EXPECT_EQ(listed(last).size(), 10U);
}

TEST_F(Sessions, AdministratorsEndAnybodysAndOthersTheirOwn) {
  auto owner = signed_in(Role::owner);
  auto auditor = signed_in(Role::auditor);
  auto other = signed_in(Role::auditor);
  const auto of_owner = id_of(owner);
  EXPECT_EQ(listed(auditor).size(), 2U);
  EXPECT_EQ(listed(owner).size(), 3U);
  const auto login = percent_encode(world_.api.world.tailnet().owner.login_name);
  // Hidden and missing are alike.
  const auto hidden = auditor.change("DELETE", "/api/console/sessions/" + of_owner);
  const auto missing = auditor.change("DELETE", "/api/console/sessions/sNone");
  EXPECT_EQ(hidden.status, 404);
  EXPECT_EQ(hidden.body, missing.body);
  EXPECT_EQ(auditor.get("/api/console/sessions?user=" + login).body,
            auditor.get("/api/console/sessions?user=nobody@otter-reef.example").body);
  EXPECT_EQ(auditor.change("DELETE", "/api/console/sessions?user=" + login).status, 404);

  EXPECT_EQ(auditor.change("DELETE", "/api/console/sessions").status, 200);
  EXPECT_EQ(status(other), 401);
  EXPECT_EQ(status(auditor), 200) << "all others";
  EXPECT_EQ(owner.change("DELETE", "/api/console/sessions/" + id_of(auditor)).status, 200);
  EXPECT_EQ(status(auditor), 401);
}

TEST_F(Sessions, ThePageListsSessionsAndEndsOneOrAllOthers) {
  auto browser = signed_in(Role::member);
  auto second = signed_in(Role::member);
  auto third = signed_in(Role::member);
  const auto page = browser.get("/");
  EXPECT_NE(page.body.find("Signed in as"), std::string::npos);
  EXPECT_EQ(browser.post("/auth/sessions", "session=" + id_of(second) + "&proof=" + browser.proof()).status,
            303);
  EXPECT_EQ(status(second), 401);
  EXPECT_EQ(browser.post("/auth/sessions", "session=others&proof=" + browser.proof()).status, 303);
  EXPECT_EQ(status(third), 401);
  EXPECT_EQ(status(browser), 200);
}

TEST_F(Sessions, PagesSendWhatKeepsThemAlone) {
  auto browser = world_.browser();
  for (const char* path : {"/", "/auth/signed-out", "/auth/link?code=x", "/register/none"}) {
    const auto page = browser.get(path);
    EXPECT_EQ(page.content_type, "text/html; charset=utf-8") << path;
    const auto policy = header_of(page, "Content-Security-Policy");
    EXPECT_TRUE(policy.starts_with("default-src 'none'; style-src 'sha256-")) << policy;
    EXPECT_TRUE(policy.ends_with("base-uri 'none'; form-action 'self'; frame-ancestors 'none'")) << policy;
    EXPECT_EQ(header_of(page, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(header_of(page, "Cache-Control"), "no-store");
    EXPECT_EQ(header_of(page, "Cross-Origin-Opener-Policy"), "same-origin");
    for (const auto& header : page.headers) EXPECT_FALSE(header.name.starts_with("Access-Control"));
  }
}

TEST_F(Sessions, WhatAProviderSaysIsTextOnThePage) {
  world_.idp.person["name"] = "<script>alert(1)</script>";
  auto browser = world_.browser();
  browser.send("GET", "/", {.headers = {{"User-Agent", "<img src=x>"}}});
  ASSERT_EQ(world_.sign_in(browser).status, 303);
  const auto page = browser.get("/");
  EXPECT_EQ(page.body.find("<script"), std::string::npos);
  EXPECT_NE(page.body.find("&lt;script&gt;"), std::string::npos);
}

TEST_F(Sessions, SessionsOfAProviderEndWithItsRulesAndNotWithItsName) {
  auto browser = world_.browser();
  ASSERT_EQ(world_.sign_in(browser).status, 303);
  const auto token = world_.api.token(Role::owner);
  const auto change = [&](const char* body) {
    return world_.api.call("PATCH", "/api/console/sso/providers/idp", token, {.body = body}).status;
  };
  EXPECT_EQ(change(R"({"name":"Another name"})"), 200);
  EXPECT_EQ(browser.get("/api/console/sessions").status, 200);
  EXPECT_EQ(change(R"({"allowedGroups":["eng"]})"), 200);
  EXPECT_EQ(browser.get("/api/console/sessions").status, 401);
}

class ConnectDevice : public Sessions {
 protected:
  // The address that the device shows.
  std::string waiting(int machine = 1) {
    const auto begun = world_.api.world.db().write_now([&](core::Tx& tx) {
      return join::begin_login(tx, world_.api.world.join_request(machine, machine), world_.api.clock.now());
    });
    return "/register/" + begun->id;
  }
};

TEST_F(ConnectDevice, AMemberConnectsADeviceOfTheirOwnThroughTheBrowserAlone) {
  const auto address = waiting();
  auto browser = world_.browser();
  const auto page = browser.get(address);
  const auto way = "/auth/login?provider=idp&amp;next=" + percent_encode(address);
  EXPECT_NE(page.body.find(way), std::string::npos) << page.body;
  ASSERT_EQ(world_.sign_in(browser, world_.idp, "provider=idp&next=" + percent_encode(address)).status, 303);
  const auto done = browser.post(address, "proof=" + browser.proof(address));
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_NE(done.body.find("<h1>Connected</h1>"), std::string::npos);
  const auto devices = world_.api.call("GET", "/api/v2/tailnet/-/devices", world_.api.token(Role::owner));
  EXPECT_EQ(json_of(devices).at("devices").as_array().at(0).at("user").as_string(),
            "alice@otter-reef.example");
  EXPECT_EQ(browser.get(address).status, 404) << "once";
}

TEST_F(ConnectDevice, WaitsForApprovalWhereDevicesDo) {
  world_.api.world.change_settings({.devices_approval = true});
  auto browser = signed_in(Role::member);
  const auto address = waiting();
  const auto done = browser.post(address, "proof=" + browser.proof(address));
  EXPECT_EQ(done.status, 200);
  EXPECT_NE(done.body.find("Waiting for approval"), std::string::npos);
}

TEST_F(ConnectDevice, AnotherSiteCannotConnectTheAttackersDeviceToTheVictim) {
  const auto address = waiting();
  auto victim = signed_in(Role::owner);
  const auto proof = victim.proof(address);
  EXPECT_EQ(victim.post(address, "proof=" + proof, "cross-site").status, 403);
  EXPECT_EQ(victim.post(address, "").status, 403);
  auto stranger = world_.browser();
  EXPECT_EQ(stranger.post(address, "proof=" + proof).status, 401);
  EXPECT_EQ(victim.get(address).status, 200) << "it waits still";
}

TEST_F(ConnectDevice, TagsAreNotForEverybody) {
  auto request = world_.api.world.join_request(3, 3);
  request.requested_tags = {"tag:ci"};
  const auto begun = world_.api.world.db().write_now(
      [&](core::Tx& tx) { return join::begin_login(tx, request, world_.api.clock.now()); });
  auto browser = signed_in(Role::member);
  const auto address = "/register/" + begun->id;
  EXPECT_GE(browser.post(address, "proof=" + browser.proof(address)).status, 400);
  EXPECT_EQ(browser.get(address).status, 200);
}

}  // namespace
}  // namespace latchkey::http
