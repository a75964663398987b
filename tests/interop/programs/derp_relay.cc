// A relay alone, for clients of another make to be tested against. Writes one line of JSON when it listens,
// the DERP map; then reads commands, one a line: "admit KEY", "disconnect KEY", and stops at the end of its
// input.
#include <stdlib.h>

#include <filesystem>
#include <iostream>
#include <mutex>
#include <set>
#include <string>

#include "base/clock.h"
#include "crypto/self_signed.h"
#include "io/runtime.h"
#include "relay/derp_map.h"
#include "relay/server.h"

namespace {

using namespace latchkey;

class Guests {
 public:
  void admit(std::string key) {
    const std::lock_guard lock(mutex_);
    keys_.insert(std::move(key));
  }
  void forget(const std::string& key) {
    const std::lock_guard lock(mutex_);
    keys_.erase(key);
  }
  io::awaitable<std::optional<TailnetId>> ask(std::string key) {
    std::optional<TailnetId> tailnet;
    const std::lock_guard lock(mutex_);
    if (keys_.contains(key)) tailnet = TailnetId("TinteropCNTRL");
    co_return tailnet;
  }

 private:
  std::mutex mutex_;
  std::set<std::string> keys_;
};

void obey(relay::Server& server, Guests& guests) {
  std::string command;
  std::string key;
  while (std::cin >> command >> key) {
    if (command == "admit") {
      guests.admit(key);
    } else if (command == "disconnect") {
      guests.forget(key);
      server.disconnect(key);
    }
    std::cout << "done" << std::endl;
  }
}

}  // namespace

int main() {
  auto pattern = (std::filesystem::temp_directory_path() / "latchkey-derp-XXXXXX").string();
  const std::filesystem::path directory = ::mkdtemp(pattern.data());
  const std::string host = "127.0.0.1";
  const auto certificate = *crypto::keep_self_signed(directory, "relay", {host}, SystemClock().now());
  const Log log(LogLevel::debug, LogFormat::text);
  Metrics metrics;
  io::Runtime runtime(2, log);
  Guests guests;
  relay::ServerSettings settings;
  settings.listen = {host, 0};
  settings.stun = relay::Endpoint{host, 0};
  settings.tls = {certificate.certificate_file, certificate.key_file};
  auto ask = [&guests](std::string key) { return guests.ask(std::move(key)); };
  relay::Server server(runtime, settings, crypto::make_box_keys(), std::move(ask), metrics, log);
  const auto ports = server.listen();
  const relay::EmbeddedRelay embedded{host, ports.derp, ports.stun, certificate.fingerprint};
  runtime.start();
  server.start();
  std::cout << relay::make_derp_map(embedded, std::nullopt)->json << std::endl;
  obey(server, guests);
  server.stop();
  runtime.stop();
  std::filesystem::remove_all(directory);
}
