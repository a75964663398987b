#include "core/webhooks/signature.h"

#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "crypto/digest.h"

namespace latchkey::webhooks {
namespace {

crypto::Digest mac_of(const SecretString& secret, std::string_view time, std::string_view body) {
  const auto& text = secret.expose();
  const crypto::HmacKey key({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  std::string message;
  message.reserve(time.size() + 1 + body.size());
  message += time;
  message += '.';
  message += body;
  return key.sign(message);
}

struct Parsed {
  std::string_view time;
  std::int64_t seconds = 0;
  std::vector<std::string_view> signatures;
};

// Unknown parts are skipped; each has exactly one '='.
std::optional<Parsed> parse(std::string_view header) {
  Parsed parsed;
  for (const auto part : split(header, ',')) {
    const auto sides = split(part, '=');
    if (sides.size() != 2) return std::nullopt;
    if (sides[0] == "t") parsed.time = sides[1];
    if (sides[0] == "v1") parsed.signatures.push_back(sides[1]);
  }
  const auto* end = parsed.time.data() + parsed.time.size();
  const auto [stopped, failed] = std::from_chars(parsed.time.data(), end, parsed.seconds);
  constexpr std::int64_t kLatest = 253'402'300'799;  // the end of the year 9999
  if (failed != std::errc{} || stopped != end || parsed.signatures.empty()) return std::nullopt;
  if (parsed.seconds < 0 || parsed.seconds > kLatest) return std::nullopt;
  return parsed;
}

}  // namespace

std::string sign(std::span<const SecretString> secrets, TimePoint at, std::string_view body) {
  const auto time = std::to_string(std::chrono::floor<seconds>(at).time_since_epoch().count());
  std::string header = "t=" + time;
  for (const auto& secret : secrets) header += ",v1=" + to_hex(mac_of(secret, time, body));
  return header;
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::genuine:
      return "genuine";
    case Verdict::malformed:
      return "the header is malformed";
    case Verdict::too_old:
      return "the signature is older than five minutes";
    case Verdict::too_far_ahead:
      return "the signature is of a time to come";
    case Verdict::wrong:
      return "no signature fits the body and the secret";
  }
  return "";
}

Verdict verify(std::string_view header, const SecretString& secret, std::string_view body, TimePoint now) {
  const auto parsed = parse(header);
  if (!parsed) return Verdict::malformed;
  const TimePoint at{seconds{parsed->seconds}};
  if (now - at > kSignatureAge) return Verdict::too_old;
  if (at - now > kSignatureAhead) return Verdict::too_far_ahead;
  const auto expected = mac_of(secret, parsed->time, body);
  bool genuine = false;
  for (const auto text : parsed->signatures) {
    const auto bytes = from_hex(text);
    if (bytes && crypto::constant_time_equal(*bytes, expected)) genuine = true;
  }
  return genuine ? Verdict::genuine : Verdict::wrong;
}

}  // namespace latchkey::webhooks
