// Calls of this server's HTTP API by the command line: over the network with a token, or over the local
// socket of a data directory as that machine's administrator.
//
// The token is sent and otherwise kept in a SecretString. TLS certificates are always checked, redirects are
// never followed (they would carry the token elsewhere), and answers have a size limit.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace latchkey::app {

struct ApiRequest {
  std::string method;                                      // GET, POST, DELETE
  std::string path;                                        // "/api/v2/whoami"
  std::vector<std::pair<std::string, std::string>> query;  // unencoded
  std::optional<boost::json::object> body;
  std::optional<boost::json::array> list;                 // instead of a body: a bare list
  std::vector<std::pair<std::string, std::string>> form;  // instead of a body: a form, unencoded
  seconds patience{60};                                   // for the whole answer; 0: as long as it takes
};

// With nothing but these; query, body and patience are filled in where they are needed.
ApiRequest request_for(std::string method, std::string path);

// What commands talk to. One thread uses it.
class Api {
 public:
  explicit Api(std::string tailnet) : tailnet_(tailnet.empty() ? "-" : std::move(tailnet)) {}
  virtual ~Api() = default;

  // The answer's JSON, an object when it had no body. A refusal becomes an Error with the server's message.
  // The memory of the value is wiped when it is released, since it may hold a secret.
  virtual Result<boost::json::value> send(const ApiRequest& request) = 0;

  const std::string& tailnet() const { return tailnet_; }
  // "/api/v2/tailnet/<tailnet>" and the rest.
  std::string tailnet_path(std::string_view rest) const;

 private:
  std::string tailnet_;
};

struct NetworkServer {
  std::string url;      // http or https, may have a path, must not have a user
  SecretString token;   // empty: none is sent
  std::string tailnet;  // empty: the token's own
  std::string ca_file;  // empty: the system's authorities
};

struct LocalServer {
  std::filesystem::path socket;
  std::string tailnet;  // empty: the only one
  std::string user;     // empty: the owner
};

class ApiClient final : public Api {
 public:
  static Result<std::unique_ptr<ApiClient>> over_network(NetworkServer server);
  static Result<std::unique_ptr<ApiClient>> over_socket(LocalServer server);
  ~ApiClient() override;

  Result<boost::json::value> send(const ApiRequest& request) override;
  // Whether somebody accepted the connection of the last send().
  bool reached() const;

 private:
  struct State;
  ApiClient(std::string tailnet, std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Empty when the URL can be used; otherwise what is wrong with it.
std::string complaint_about_url(const std::string& url);

}  // namespace latchkey::app
