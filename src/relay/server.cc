#include "relay/server.h"

#include <system_error>

#include "relay/relay_handler.h"

namespace latchkey::relay {
namespace {

// Requests here are small and have no bodies.
constexpr std::size_t kMostHeaderBytes = 8 * 1024;
constexpr std::size_t kMostBodyBytes = 1024;
constexpr std::chrono::seconds kIdle{30};

io::HttpSettings http_settings(const ServerSettings& settings) {
  io::HttpSettings out;
  out.max_connections = settings.max_connections;
  out.max_connections_per_address = settings.max_connections_per_address;
  out.max_header_bytes = kMostHeaderBytes;
  out.max_body_bytes = kMostBodyBytes;
  out.idle_deadline = kIdle;
  out.stop_timeout = settings.stop_timeout;
  return out;
}

template <class Listen>
std::uint16_t listen_at(const Endpoint& where, Listen listen) {
  try {
    return listen(where.address, where.port);
  } catch (const std::system_error& failed) {
    if (!where.may_move || failed.code() != std::errc::address_in_use) throw;
  }
  return listen(where.address, 0);
}

}  // namespace

Server::Server(io::Runtime& runtime, ServerSettings settings, crypto::BoxKeyPair keys, Admit admit,
               Metrics& metrics, const Log& log)
    : settings_(std::move(settings)),
      probe_(metrics),
      relay_(settings_.limits, std::move(keys), std::move(admit), probe_, log),
      http_(runtime, http_settings(settings_), log),
      stun_(runtime, probe_, log) {}

Server::~Server() {
  stop();
}

Server::Ports Server::listen() {
  Ports ports;
  ports.derp = listen_at(settings_.listen, [&](const std::string& address, std::uint16_t port) {
    return http_.listen_tcp(address, port, relay_handler(relay_), settings_.tls);
  });
  if (settings_.stun) {
    ports.stun = listen_at(*settings_.stun, [&](const std::string& address, std::uint16_t port) {
      return stun_.listen(address, port);
    });
  }
  return ports;
}

void Server::start() {
  http_.start();
}

void Server::stop() {
  http_.stop();
  stun_.stop();
}

void Server::disconnect(const std::string& node_key) {
  if (const auto key = parse_node_key(node_key)) relay_.disconnect(*key);
}

}  // namespace latchkey::relay
