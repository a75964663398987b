#include "control/noise/handshake.h"

#include <algorithm>
#include <stdexcept>

namespace latchkey::control {
namespace {

constexpr char kInitiation = 1;
constexpr char kResponse = 2;
constexpr char kError = 3;
constexpr std::size_t kSealedKey = 48;
constexpr std::size_t kTag = 16;

crypto::X25519PublicKey key_from(std::string_view bytes) {
  crypto::X25519PublicKey key;
  std::copy_n(bytes.begin(), key.size(), key.begin());
  return key;
}

std::string two_bytes(std::size_t number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number)};
}

std::size_t number_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]) << 8 | static_cast<unsigned char>(bytes[at + 1]);
}

Error not_authentic() {
  return malformed("handshake failed: the initiation is not for this server's key");
}

TransportKeys transport_keys(const SymmetricState& state) {
  auto keys = state.split();
  return {std::move(keys.first), std::move(keys.second), state.hash()};
}

}  // namespace

Result<AcceptedHandshake> accept_handshake(const crypto::X25519KeyPair& server, std::string_view initiation) {
  return accept_handshake(server, crypto::x25519_generate(), initiation);
}

Result<AcceptedHandshake> accept_handshake(const crypto::X25519KeyPair& server,
                                           const crypto::X25519KeyPair& ephemeral,
                                           std::string_view initiation) {
  if (initiation.size() != kInitiationSize) return malformed("wrong handshake initiation length");
  if (initiation[2] != kInitiation) return malformed("unexpected handshake message type");
  if (number_at(initiation, 3) != kInitiationSize - 5) return malformed("wrong handshake payload length");

  AcceptedHandshake accepted;
  accepted.version = static_cast<std::uint16_t>(number_at(initiation, 0));
  const auto client_ephemeral = key_from(initiation.substr(5, 32));

  SymmetricState state(accepted.version);
  state.mix_hash(text_of(server.public_key));
  state.mix_hash(text_of(client_ephemeral));
  if (!state.mix_key(server.private_key, client_ephemeral)) return not_authentic();
  const auto machine = state.decrypt_and_hash(initiation.substr(37, kSealedKey));
  if (!machine) return not_authentic();
  accepted.machine = key_from(*machine);
  if (!state.mix_key(server.private_key, accepted.machine)) return not_authentic();
  if (!state.decrypt_and_hash(initiation.substr(85, kTag))) return not_authentic();

  state.mix_hash(text_of(ephemeral.public_key));
  if (!state.mix_key(ephemeral.private_key, client_ephemeral)) return not_authentic();
  if (!state.mix_key(ephemeral.private_key, accepted.machine)) return not_authentic();
  accepted.response = kResponse + two_bytes(kResponseSize - 3);
  accepted.response += text_of(ephemeral.public_key);
  accepted.response += state.encrypt_and_hash({});
  accepted.keys = transport_keys(state);
  return accepted;
}

std::string error_frame(std::string_view text) {
  return kError + two_bytes(text.size()) + std::string(text);
}

Initiator::Initiator(std::uint16_t version, crypto::X25519KeyPair machine,
                     const crypto::X25519PublicKey& server, crypto::X25519KeyPair ephemeral)
    : machine_(std::move(machine)), ephemeral_(std::move(ephemeral)), state_(version) {
  state_.mix_hash(text_of(server));
  state_.mix_hash(text_of(ephemeral_.public_key));
  if (!state_.mix_key(ephemeral_.private_key, server)) throw std::invalid_argument("low-order server key");
  initiation_ = two_bytes(version) + kInitiation + two_bytes(kInitiationSize - 5);
  initiation_ += text_of(ephemeral_.public_key);
  initiation_ += state_.encrypt_and_hash(text_of(machine_.public_key));
  if (!state_.mix_key(machine_.private_key, server)) throw std::invalid_argument("low-order server key");
  initiation_ += state_.encrypt_and_hash({});
}

Result<TransportKeys> Initiator::finish(std::string_view response) {
  if (response.size() != kResponseSize || response[0] != kResponse ||
      number_at(response, 1) != kResponseSize - 3) {
    return malformed("unexpected handshake response");
  }
  const auto server_ephemeral = key_from(response.substr(3, 32));
  state_.mix_hash(text_of(server_ephemeral));
  if (!state_.mix_key(ephemeral_.private_key, server_ephemeral) ||
      !state_.mix_key(machine_.private_key, server_ephemeral) ||
      !state_.decrypt_and_hash(response.substr(35, kTag))) {
    return malformed("handshake failed");
  }
  return transport_keys(state_);
}

}  // namespace latchkey::control
