#include "core/credentials/key_text.h"

#include <array>
#include <boost/crc.hpp>

#include "base/text.h"

namespace latchkey::credentials {
namespace {

constexpr std::string_view kStem = "tskey-";
constexpr std::size_t kRandomLength = 44;   // 58^44 > 2^256
constexpr std::size_t kChecksumLength = 6;  // 58^6 > 2^32
constexpr std::size_t kLongest = 128;

struct TypeRow {
  KeyType type;
  std::string_view text;
  std::string_view name;
};

constexpr std::array kTypes{TypeRow{KeyType::api, "api", "API access token"},
                            TypeRow{KeyType::auth, "auth", "auth key"},
                            TypeRow{KeyType::client, "client", "OAuth client secret"},
                            TypeRow{KeyType::federated, "federated", "federated identity"},
                            TypeRow{KeyType::scim, "scim", "SCIM key"},
                            TypeRow{KeyType::webhook, "webhook", "webhook secret"}};

// CRC-32 (the one of zip and Ethernet) as six base58 characters. Not a secret, not a signature.
std::string checksum_of(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  const std::uint32_t sum = crc.checksum();
  const std::array<std::uint8_t, 4> bytes{
      static_cast<std::uint8_t>(sum >> 24), static_cast<std::uint8_t>(sum >> 16),
      static_cast<std::uint8_t>(sum >> 8), static_cast<std::uint8_t>(sum)};
  return base58_fixed(bytes, kChecksumLength);
}

}  // namespace

std::string_view to_string(KeyType type) {
  for (const auto& row : kTypes) {
    if (row.type == type) return row.text;
  }
  return {};
}

std::string_view name_of(KeyType type) {
  for (const auto& row : kTypes) {
    if (row.type == type) return row.name;
  }
  return {};
}

std::optional<KeyType> key_type_from(std::string_view text) {
  for (const auto& row : kTypes) {
    if (row.text == text) return row.type;
  }
  return std::nullopt;
}

SecretString compose_key_text(KeyType type, const CredentialId& id,
                              std::span<const std::uint8_t, 32> random) {
  std::string text;
  text.reserve(kLongest);  // no reallocation: it would leave a copy of the secret behind
  text += kStem;
  text += to_string(type);
  text += '-';
  text += id.str();
  text += '-';
  const SecretString digits(base58_fixed(random, kRandomLength));
  text += digits.expose();
  text += checksum_of(text);
  return SecretString(std::move(text));
}

Result<ParsedKey> parse_key_text(std::string_view text) {
  const auto not_a_key = [] { return malformed("not a key: the form is tskey-<type>-<id>-<random>"); };
  if (text.size() > kLongest || !text.starts_with(kStem)) return not_a_key();
  const auto parts = split(text, '-');
  if (parts.size() != 4) return not_a_key();
  const auto type = key_type_from(parts[1]);
  if (!type || *type == KeyType::federated || !is_id_text('k', parts[2])) return not_a_key();
  if (parts[3].size() != kRandomLength + kChecksumLength || !is_base58(parts[3])) return not_a_key();
  if (checksum_of(text.substr(0, text.size() - kChecksumLength)) !=
      text.substr(text.size() - kChecksumLength)) {
    return malformed(
        "not a key: its checksum is wrong, so a character is missing, changed or in the wrong case");
  }
  return ParsedKey{*type, CredentialId(std::string(parts[2]))};
}

}  // namespace latchkey::credentials
