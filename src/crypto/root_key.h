// The root key: 256 random bits from which every other server key is derived. It is never in the database.
//
// File form, fixed: one line of 64 hexadecimal digits. Files must not be readable by group or others.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "crypto/digest.h"

namespace latchkey::crypto {

// Keys derived from the root key, by purpose. The texts are fixed for ever: data depends on them.
inline constexpr std::string_view kCredentialDigestPurpose = "latchkey/v1/credential-digest";
inline constexpr std::string_view kAuditChainPurpose = "latchkey/v1/audit-chain";
inline constexpr std::string_view kControlKeyPurpose = "latchkey/v1/control-key";
inline constexpr std::string_view kSealPurpose = "latchkey/v1/seal";
inline constexpr std::string_view kWebhookSealPurpose = "latchkey/v1/webhook-seal";
inline constexpr std::string_view kSignOnPurpose = "latchkey/v1/sign-on";
inline constexpr std::string_view kRelayPurpose = "latchkey/v1/relay";
inline constexpr std::string_view kCheckPurpose = "latchkey/v1/root-key-check";

Result<Key256> parse_root_key(const SecretString& text);

// Refuses a missing file, wrong contents, and a mode that lets group or others read.
Result<Key256> read_root_key(const std::filesystem::path& file);

// Makes a new key in a new 0600 file, durably; refuses when the file exists.
Result<Key256> create_root_key(const std::filesystem::path& file);

// A public value that is equal only for equal root keys, to notice that a database belongs to another one.
std::string root_key_check(const Key256& root);

}  // namespace latchkey::crypto
