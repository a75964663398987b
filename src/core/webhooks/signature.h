// The signature by which a receiver knows that a body is genuine (https://tailscale.com/kb/1213):
//
//   Tailscale-Webhook-Signature: t=<unix seconds>,v1=<hex>[,v1=<hex>]
//
// where v1 is HMAC-SHA-256 with the whole text of the secret as its key, over t, a full stop and the raw
// body. Several v1 while two secrets are valid: one match is enough.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "base/time.h"

namespace latchkey::webhooks {

inline constexpr std::string_view kSignatureHeader = "Tailscale-Webhook-Signature";
// How old, and how far ahead, a receiver lets `t` be.
inline constexpr minutes kSignatureAge{5};
inline constexpr minutes kSignatureAhead{1};

// The header's value. `at` is the time of the attempt, not of the event: a repeat hours later would fail
// every receiver's check otherwise.
std::string sign(std::span<const SecretString> secrets, TimePoint at, std::string_view body);

enum class Verdict { genuine, malformed, too_old, too_far_ahead, wrong };
std::string_view to_string(Verdict verdict);  // for people

// What a receiver does: for `latchkey webhooks verify` and for tests.
Verdict verify(std::string_view header, const SecretString& secret, std::string_view body, TimePoint now);

}  // namespace latchkey::webhooks
