// A World behind the real router, authentication and handlers, without sockets: requests go in, responses
// come out.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/webhooks/vault.h"
#include "http/application.h"
#include "testing/manual_clock.h"
#include "testing/world.h"

namespace latchkey::testing {

struct CallOptions {
  std::vector<io::Header> headers;
  std::string body;
  std::string address = "192.0.2.7";
};

class ApiWorld {
  // Requests run on a loop that outlives the database: its threads may still be about to leave the post of a
  // result that was taken already.
  std::unique_ptr<boost::asio::io_context> loop_;

 public:
  explicit ApiWorld(http::ApplicationSettings settings = {});

  World world;
  ManualClock clock{world.now};

  // A fresh API token of that role's user, as text.
  std::string token(identity::Role role);

  // Through the public door, with the token as Bearer unless empty.
  io::Response call(const std::string& method, const std::string& target, const std::string& token = {},
                    CallOptions options = {});
  // Through the local socket's door.
  io::Response call_locally(const std::string& method, const std::string& target, CallOptions options = {});

  http::Context& context() { return context_; }
  const webhooks::WebhookVault& vault() const { return vault_; }
  credentials::CredentialCache& cache() { return cache_; }
  Metrics& metrics() { return metrics_; }

  const signon::SignOnContext& sign_on_rules() const { return sign_on_rules_; }
  // What an identity provider answers to requests that are no fetches of documents.
  std::function<io::OutboundAnswer(const io::OutboundRequest&)> provider;

  // What other servers answer, by address; everything else is not there. `fetches` counts the requests.
  std::map<std::string, io::FetchedDocument> elsewhere;
  int fetches = 0;

  bool cache_is_current = true;

 private:
  io::Response run(const io::Handler& handler, io::Request request);

  Metrics metrics_;
  io::IssuerKeys issuer_keys_;
  credentials::CredentialCache cache_{1000};
  signon::SignOnKeys sign_on_keys_{crypto::HmacKey(std::array<std::uint8_t, 32>{7, 8, 9})};
  signon::SignOnContext sign_on_rules_{sign_on_keys_, world.sealer(), world.mint(), false, {}};
  webhooks::WebhookVault vault_{crypto::Key256(std::array<std::uint8_t, 32>{4, 5, 6})};
  http::Context context_;
  http::Application application_;
};

boost::json::value json_of(const io::Response& response);
// The message of an error body; empty when there is none.
std::string message_of(const io::Response& response);

}  // namespace latchkey::testing
