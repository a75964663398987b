// The text of a key: tskey-<type>-<id>-<random>.
//
// <id> is public ("k", 11 base58 characters, "CNTRL"). <random> is 44 base58 characters that carry 256 random
// bits, then 6 that are a checksum over everything before them, so that a scanner can tell a real key from
// noise without asking the server, and a folded letter or a wrong type is noticed. The form is on the wire
// and in people's stores: it never changes (docs/decisions/0005-key-text.md).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"

namespace latchkey::credentials {

// A federated identity has no secret, and so no key text.
enum class KeyType { api, auth, client, federated, scim, webhook };

std::string_view to_string(KeyType type);  // "api", as in the text and on the wire
std::optional<KeyType> key_type_from(std::string_view text);
// What a person calls it: "API access token", "auth key" ...
std::string_view name_of(KeyType type);

// The public half of a key text. The whole text stays with whoever presented it.
struct ParsedKey {
  KeyType type;
  CredentialId id;
};

// Composes a new key text from 256 random bits.
SecretString compose_key_text(KeyType type, const CredentialId& id, std::span<const std::uint8_t, 32> random);

// Malformed text, and text whose checksum does not fit, are refused; the message never repeats the input.
Result<ParsedKey> parse_key_text(std::string_view text);

}  // namespace latchkey::credentials
