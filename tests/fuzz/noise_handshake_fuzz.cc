// The handshake as anybody may send it. The first byte chooses: 0, the rest is an initiation as it is; 1, a
// good initiation with some bits turned over; 2, one that was sealed for this server around a machine key
// that the input chooses. Only what was made as the protocol says is accepted.
#include <algorithm>
#include <array>

#include "control/noise/handshake.h"
#include "require.h"

namespace {

using namespace latchkey;
using namespace latchkey::control;

crypto::X25519KeyPair pair_from(std::uint8_t fill) {
  std::array<std::uint8_t, 32> bytes{};
  bytes.fill(fill);
  return crypto::x25519_from_private(crypto::Key256(bytes));
}

const crypto::X25519KeyPair& server() {
  static const auto pair = pair_from(7);
  return pair;
}

void check_refusal(const Error& error) {
  fuzz::require(error.code == ErrorCode::malformed_input, "a bad initiation is the client's mistake");
  const auto frame = error_frame(error.message);
  fuzz::require(frame.size() == error.message.size() + 3 && frame.size() < 200, "an error frame is short");
}

void raw(std::string_view initiation) {
  const auto accepted = accept_handshake(server(), pair_from(9), initiation);
  if (!accepted) return check_refusal(accepted.error());
  // Made by chance only, or from the corpus: then it is a whole one.
  fuzz::require(initiation.size() == kInitiationSize, "only a whole initiation is accepted");
  fuzz::require(accepted->response.size() == kResponseSize, "a response has its size");
}

void bent(fuzz::Choices choices) {
  static const auto good = Initiator(140, pair_from(3), server().public_key, pair_from(5)).initiation();
  auto initiation = good;
  while (!choices.empty()) {
    const auto at = choices.byte() % initiation.size();
    initiation[at] = static_cast<char>(initiation[at] ^ choices.byte());
  }
  const auto accepted = accept_handshake(server(), pair_from(9), initiation);
  fuzz::require(accepted.ok() == (initiation == good), "an initiation that was changed is not accepted");
  if (accepted) {
    fuzz::require(accepted->machine == pair_from(3).public_key, "the machine is who sealed it");
  } else {
    check_refusal(accepted.error());
  }
}

void sealed(fuzz::Choices choices) {
  const auto version = static_cast<std::uint16_t>(choices.byte() << 8 | choices.byte());
  const auto ephemeral = pair_from(choices.byte());
  SymmetricState state(version);
  state.mix_hash(text_of(server().public_key));
  state.mix_hash(text_of(ephemeral.public_key));
  fuzz::require(state.mix_key(ephemeral.private_key, server().public_key), "the server's key is no weak one");
  std::string machine(choices.bytes(32));
  machine.resize(32);
  std::string initiation{static_cast<char>(version >> 8), static_cast<char>(version), 1, 0, 96};
  initiation += text_of(ephemeral.public_key);
  initiation += state.encrypt_and_hash(machine);
  std::string tag(choices.bytes(16));
  tag.resize(16);
  initiation += tag;
  const auto accepted = accept_handshake(server(), pair_from(9), initiation);
  fuzz::require(!accepted.ok(), "nobody is a machine whose private key he does not have");
  check_refusal(accepted.error());
}

// Both sides, with keys and a version of the input's choice, and an answer that may be bent on its way.
void whole(fuzz::Choices choices) {
  const auto version = static_cast<std::uint16_t>(choices.byte() << 8 | choices.byte());
  const auto machine = pair_from(choices.byte());
  Initiator client(version, machine, server().public_key, pair_from(choices.byte()));
  auto accepted = accept_handshake(server(), pair_from(choices.byte()), client.initiation());
  fuzz::require(accepted.ok(), "a good initiation is accepted");
  fuzz::require(accepted->version == version && accepted->machine == machine.public_key,
                "the server learns who connects");
  auto response = accepted->response;
  while (!choices.empty()) {
    const auto at = choices.byte() % response.size();
    response[at] = static_cast<char>(response[at] ^ choices.byte());
  }
  const auto keys = client.finish(response);
  fuzz::require(keys.ok() == (response == accepted->response), "a response that was changed is not accepted");
  if (!keys) return;
  fuzz::require(
      std::ranges::equal(keys->client_to_server.expose(), accepted->keys.client_to_server.expose()) &&
          std::ranges::equal(keys->server_to_client.expose(), accepted->keys.server_to_client.expose()),
      "both sides have the same keys");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices choices(fuzz::text_of(data, size));
  switch (choices.byte() % 4) {
    case 0:
      raw(choices.rest());
      break;
    case 1:
      bent(choices);
      break;
    case 2:
      sealed(choices);
      break;
    default:
      whole(choices);
  }
  return 0;
}
