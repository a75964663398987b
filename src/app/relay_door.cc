#include "app/relay_door.h"

#include <unistd.h>

#include <array>
#include <exception>

#include "app/derp_map_source.h"
#include "app/listen_address.h"
#include "crypto/root_key.h"
#include "crypto/self_signed.h"

namespace latchkey::app {
namespace {

constexpr std::uint16_t kRelayPort = 8443;
constexpr std::uint16_t kStunPort = 3478;
constexpr std::string_view kNoStun = "none";

std::string host_of_url(const std::string& url) {
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return {};
  auto host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

std::string machine_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string public_host(const Settings& settings, const std::string& listening_on, const Log& log) {
  if (!settings.relay_public_host.empty()) return settings.relay_public_host;
  if (auto host = host_of_url(settings.public_url); !host.empty()) return host;
  if (listening_on != "0.0.0.0" && listening_on != "::") return listening_on;
  auto host = machine_name();
  log.warn("devices are told to find the relay under this machine's name; set relay.public_host",
           {{"host", host}});
  return host;
}

struct Places {
  relay::Endpoint listen;
  std::optional<relay::Endpoint> stun;
};

Result<Places> places_of(const Settings& settings) {
  TRY(const auto api, split_listen("listen", settings.listen));
  const bool anywhere = api.port == 0;
  Places places{.listen = {api.host, anywhere ? std::uint16_t{0} : kRelayPort, true}, .stun = std::nullopt};
  if (!settings.relay_listen.empty()) {
    TRY(auto where, split_listen("relay.listen", settings.relay_listen));
    places.listen = {std::move(where.host), where.port, false};
  }
  if (settings.relay_stun_listen == kNoStun) return places;
  places.stun = {places.listen.address, anywhere ? std::uint16_t{0} : kStunPort, true};
  if (!settings.relay_stun_listen.empty()) {
    TRY(auto where, split_listen("relay.stun_listen", settings.relay_stun_listen));
    places.stun = {std::move(where.host), where.port, false};
  }
  return places;
}

void warn_when_moved(const Log& log, const char* what, std::uint16_t wanted, std::int32_t got) {
  if (wanted == 0 || wanted == got) return;
  log.warn("the default port is taken, another one is used; set relay.listen and relay.stun_listen",
           {{"for", what}, {"wanted", wanted}, {"port", got}});
}

}  // namespace

Result<RelayDoor> open_relay(const Settings& settings, io::Runtime& runtime, const crypto::Key256& root,
                             relay::Admit admit, Metrics& metrics, const Log& log, TimePoint now) {
  TRY(auto further, first_derp_map(settings, settings.relay_enabled, log));
  RelayDoor door;
  auto& embedded = door.embedded;
  if (settings.relay_enabled) {
    TRY(const auto places, places_of(settings));
    const auto host = public_host(settings, places.listen.address, log);
    TRY(const auto certificate, crypto::keep_self_signed(settings.data_dir, "relay", {host}, now));
    relay::ServerSettings wanted;
    wanted.listen = places.listen;
    wanted.stun = places.stun;
    wanted.tls = {certificate.certificate_file, certificate.key_file};
    wanted.max_connections = static_cast<std::size_t>(settings.http_max_connections);
    wanted.max_connections_per_address = static_cast<std::size_t>(settings.http_max_connections_per_address);
    auto keys = crypto::box_keys_from(crypto::hkdf_sha256(root, crypto::kRelayPurpose));
    door.server = std::make_unique<relay::Server>(runtime, std::move(wanted), std::move(keys),
                                                  std::move(admit), metrics, log);
    try {
      const auto ports = door.server->listen();
      embedded = {host, ports.derp, ports.stun, certificate.fingerprint};
    } catch (const std::exception& failed) {
      return malformed("the relay cannot listen (relay.listen, relay.stun_listen): " +
                       std::string(failed.what()));
    }
    warn_when_moved(log, "DERP", places.listen.port, embedded->derp_port);
    if (places.stun) warn_when_moved(log, "STUN", places.stun->port, embedded->stun_port);
    log.info("relay", {{"host", host}, {"port", embedded->derp_port}, {"stun", embedded->stun_port}});
  }
  TRY(door.map, relay::make_derp_map(embedded, further));
  door.further = std::move(further);
  return door;
}

}  // namespace latchkey::app
