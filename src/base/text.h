// Small text codecs without product words: base58, hexadecimal, base64, ASCII case and trimming, UTF-8
// length.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

// The Bitcoin alphabet: no 0, O, I or l.
inline constexpr std::string_view kBase58Alphabet =
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

// Encodes bytes as one big-endian number, padded on the left with '1' to exactly `width` characters.
// The caller picks a width that holds the largest value; throws std::length_error otherwise.
std::string base58_fixed(std::span<const std::uint8_t> bytes, std::size_t width);
bool is_base58(std::string_view text);

std::string to_hex(std::span<const std::uint8_t> bytes);
std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);

// Standard alphabet with padding (RFC 4648 section 4). Decoding also takes missing padding; anything else
// outside the alphabet is refused.
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

// The URL alphabet without padding (RFC 4648 section 5, RFC 7515). Strict: padding, white space, other
// characters and bits that stand for nothing are refused.
std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);

// ASCII only, by intent: protocol words have no other letters.
std::string to_lower(std::string_view text);
bool equals_ignore_case(std::string_view a, std::string_view b);
std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);

// The number of code points, or nothing when the text is not valid UTF-8.
std::optional<std::size_t> utf8_length(std::string_view text);

// The same text with U+FFFD for each byte that a database does not take: NUL, and what is not UTF-8.
std::string storable(std::string_view text);

// The beginning of a text, at most that many bytes, never cut within a UTF-8 character.
std::string_view clip(std::string_view text, std::size_t most);

// Whether something in the text begins like a key, in any letter case. Names and patterns refuse such text.
bool holds_key(std::string_view text);

// Puts "tskey-***" where something begins like a key: for text that a client chose and that will be logged,
// stored or sent back, since clients put their secrets into the wrong places.
std::string redact_keys(std::string_view text);

// The same text with & < > as character references, so that nothing in it begins a tag, a reference or, in
// chats, a link or a mention; both quotes too where it may stand in an attribute.
enum class Quotes { keep, escape };
std::string escape_markup(std::string_view text, Quotes quotes);

// Decodes %XX of a URL part; nothing when a % is not followed by two hexadecimal digits.
// '+' becomes a space only when asked (form and query values, not path elements).
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
std::string percent_encode(std::string_view text);

}  // namespace latchkey
