// The way into a data directory on this machine: through the running server's local socket, or, when no
// server runs there, through one that lives inside this process for as long as the object and opens nothing
// but that socket. Both ways are the same requests, so a command need not know which it was.
//
// Whoever may open the socket (mode 0600) acts as the administrator of the machine; no token is needed.
#pragma once

#include <memory>
#include <string>

#include "app/api_client.h"
#include "app/server.h"
#include "app/settings.h"

namespace latchkey::app {

struct LocalDoorOptions {
  Settings settings;
  std::string tailnet;      // empty: the only one
  std::string user;         // empty: the owner
  bool may_start = true;    // a server of our own, when none runs
  bool may_create = false;  // a data directory and database that are not there yet
};

class LocalDoor final : public Api {
 public:
  // Errors say what is in the way: nothing there, no permission, a process that holds the database and does
  // not answer, a root key that does not fit.
  static Result<std::unique_ptr<LocalDoor>> open(LocalDoorOptions options);
  ~LocalDoor() override;

  // A server of somebody else that ends meanwhile is replaced by one of our own.
  Result<boost::json::value> send(const ApiRequest& request) override;

  bool server_was_running() const { return own_server_ == nullptr; }

 private:
  explicit LocalDoor(LocalDoorOptions options);
  Result<void> go_in();
  Result<void> may_start_here() const;
  Result<void> start_own_server();
  Result<void> greet();

  LocalDoorOptions options_;
  std::unique_ptr<Server> own_server_;
  std::unique_ptr<ApiClient> client_;
};

// Whether a server answers on the local socket of that directory.
bool server_answers(const std::filesystem::path& data_dir);

}  // namespace latchkey::app
