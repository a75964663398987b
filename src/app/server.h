// A whole server: reads like a parts list, starts and stops in order.
//
//   Server server(settings, log);        // opens the database and binds; throws or returns an error text
//   server.start();
//   log.info(server.url());
//   server.stop();
//
// One thread owns it.
#pragma once

#include <memory>
#include <string>

#include "app/settings.h"
#include "base/log.h"
#include "base/result.h"

namespace latchkey::app {

enum class Doors {
  all,         // the API, metrics and the local socket
  local_only,  // the local socket: what a command on the server's machine uses when no server runs
};

class Server {
 public:
  // Makes the data directory when it is missing. Errors say what to change: a wrong root key, another process
  // that holds the database, an occupied port.
  static Result<std::unique_ptr<Server>> open(const Settings& settings, const Log& log, Doors doors);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start();
  // Graceful: running requests end, gathered uses are written. Safe to call twice.
  void stop();

  // "http://127.0.0.1:8080": the public address when one is set. Empty with local_only.
  std::string url() const;

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// The local socket's file name inside the data directory.
std::filesystem::path local_socket(const std::filesystem::path& data_dir);

}  // namespace latchkey::app
