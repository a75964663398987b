// An ApiWorld with an identity provider that answers rightly unless it is told to lie, and browsers that keep
// cookies.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/signon/manage_providers.h"
#include "testing/api_world.h"
#include "testing/token_maker.h"

namespace latchkey::testing {

// Where the redirect to the provider leads, taken apart.
struct AuthorizationRequest {
  std::string endpoint;
  std::map<std::string, std::string> query;
  const std::string& operator[](const std::string& name) const { return query.at(name); }
};

class FakeProvider {
 public:
  explicit FakeProvider(std::string url) : url_(std::move(url)) { change_key("k1"); }

  const std::string& url() const { return url_; }
  // Its documents, into what ApiWorld finds elsewhere.
  void publish(ApiWorld& api);
  // Signs in there: the code for this request, good once.
  std::string sign_in(const AuthorizationRequest& request);
  // What its endpoints answer; nothing when the address is another's.
  std::optional<io::OutboundAnswer> answer(const io::OutboundRequest& request, TimePoint now);

  // Of whom it speaks.
  boost::json::object person{{"sub", "idp-7"},
                             {"email", "alice@otter-reef.example"},
                             {"email_verified", true},
                             {"name", "Alice Ito"}};
  boost::json::object user_info;  // empty: refused
  boost::json::object document;   // changes to the discovery document
  // The last word about an ID token's claims, and about the whole answer.
  std::function<void(boost::json::object&)> lie;
  std::function<void(io::OutboundAnswer&)> bend;
  TokenMaker& signer() { return *signer_; }
  // To be published.
  void change_key(const std::string& kid) { signer_ = std::make_unique<TokenMaker>("ES256", kid); }
  std::vector<io::OutboundRequest> asked;

 private:
  io::OutboundAnswer redeem(const io::OutboundRequest& request, TimePoint now);

  struct Grant {
    std::string client, challenge, nonce, redirect;
  };
  std::string url_;
  std::unique_ptr<TokenMaker> signer_;
  std::map<std::string, Grant> codes_;
};

class SignOnWorld {
 public:
  explicit SignOnWorld(http::ApplicationSettings settings = {});

  ApiWorld api;
  FakeProvider idp{"https://idp.example"};
  // Makes it a provider of the tailnet, as the owner would.
  void add_provider(FakeProvider& provider, const std::string& id,
                    const std::function<void(signon::NewProvider&)>& with = {},
                    identity::Role by = identity::Role::owner);

  class Browser {
   public:
    explicit Browser(ApiWorld& world, std::string where = "192.0.2.7")
        : api(world), address(std::move(where)) {}
    io::Response get(const std::string& target);
    // A form of a page of this server.
    io::Response post(const std::string& target, const std::string& form,
                      const std::string& site = "same-origin");
    // A change that a script of this server's makes.
    io::Response change(const std::string& method, const std::string& target, const std::string& body = "{}");
    io::Response send(const std::string& method, const std::string& target, CallOptions options);
    // What the page's forms carry; empty without one.
    std::string proof(const std::string& target = "/");

    ApiWorld& api;
    std::string address;
    std::map<std::string, std::string> cookies;
  };
  Browser browser() { return Browser(api); }

  static AuthorizationRequest authorization(const io::Response& redirect);
  AuthorizationRequest begin(Browser& browser, const std::string& query = "provider=idp");
  // All the way: begins, signs in there, comes back.
  io::Response sign_in(Browser& browser, FakeProvider& with, const std::string& query = "provider=idp");
  io::Response sign_in(Browser& browser) { return sign_in(browser, idp); }
  // The answer of a provider, as the browser brings it.
  static std::string callback(const std::string& code, const std::string& state, const std::string& issuer);

 private:
  std::vector<FakeProvider*> providers_;
};

// The first header of that name; empty without one.
std::string header_of(const io::Response& response, std::string_view name);

}  // namespace latchkey::testing
