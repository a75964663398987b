// Joins a device by an auth key, for tests whose other parts speak no control protocol: join_device PORT
// NAME, with the key on standard input. The device stays joined, and is away when this ends. With an empty
// line instead of a key it waits for a person, and the address to open is printed.
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "testing/control_client.h"

int main(int count, char** words) {
  using namespace latchkey::testing;
  if (count != 3) return 2;
  try {
    std::string key;
    std::getline(std::cin, key);
    const std::string name = words[2];
    ControlClient client(static_cast<std::uint16_t>(std::stoi(words[1])));
    const DeviceKeys keys;
    const auto joined = client.ask("POST", "/machine/register", register_body(keys, key, name)).json();
    if (key.empty()) {
      std::puts(std::string(joined.at("AuthURL").as_string()).c_str());
      return 0;
    }
    if (!joined.at("MachineAuthorized").as_bool()) throw std::runtime_error("refused");
    const auto reported = client.ask("POST", "/machine/map", map_body(keys, false, true, name));
    if (reported.status != 200) throw std::runtime_error(reported.body);
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "join_device: %s\n", failed.what());
    return 1;
  }
}
