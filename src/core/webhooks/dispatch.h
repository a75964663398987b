// Sending, as far as it is decided here: what is due, what exactly goes over the wire, and what an answer
// means. Whoever sends does this, on any replica:
//
//   due_endpoints          a read: which endpoints have something to send now
//   take_up                a write: claims one endpoint and gives the finished request
//   (the request is made)
//   settle                 a write: the attempt is recorded, the queue moves on, the claim ends
//
// One endpoint has one claim, so its deliveries go one after the other, whatever the number of replicas, and
// a dead receiver holds up nobody else. A claim that is not settled lapses after kClaimLease and what it held
// is sent again: at least once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "core/tx.h"
#include "core/webhooks/delivery.h"
#include "core/webhooks/endpoint.h"
#include "core/webhooks/vault.h"

namespace latchkey::webhooks {

// A request must be over, with all its time-outs, well before this.
inline constexpr seconds kClaimLease{60};
// Of a whole request, and of connecting.
inline constexpr seconds kRequestTimeout{10};
inline constexpr seconds kConnectTimeout{5};

struct EndpointRef {
  TailnetId tailnet;
  EndpointId id;

  bool operator==(const EndpointRef&) const = default;
};

// Longest waiting first; not those that are claimed or paused. Farewells of deleted endpoints too.
std::vector<EndpointRef> due_endpoints(core::Tx& tx, TimePoint now, std::int64_t limit);

// When the next paused or set-aside delivery becomes due; nothing when none waits. For timers.
std::optional<TimePoint> next_due(core::Tx& tx, TimePoint now);

// A request as it goes out: POST, Content-Type application/json.
struct Dispatch {
  EndpointRef endpoint;
  SecretString url;  // of a chat provider it is a secret: never log it, log `masked_url`
  std::string masked_url;
  std::string body;
  std::string signature;                 // value of signature.h's header
  std::vector<std::int64_t> deliveries;  // their numbers; none for a farewell
  std::string claim;
  bool is_farewell = false;  // of a deleted endpoint: tried once
};

// Claims the endpoint until now + kClaimLease and composes what to send: up to kMaxBatchEvents events of the
// generic format, one event for a chat provider, and one alone while the endpoint is failing. Nothing when it
// is claimed, paused, gone, or has nothing due. `holder` names the replica.
std::optional<Dispatch> take_up(core::Tx& tx, const WebhookVault& vault, const EndpointRef& endpoint,
                                const std::string& holder, TimePoint now);

struct Outcome {
  TimePoint began{};
  milliseconds took{0};
  std::optional<std::int64_t> status;  // nothing: no answer
  std::string answer;                  // its first bytes, as they came; cut and cleaned here
  std::string error;                   // why there is none: "connection refused", "not an allowed address"
  std::optional<seconds> retry_after;
};

struct Settled {
  bool taken = false;                     // 2xx
  bool lapsed = false;                    // the claim had ended: another one may have sent the same
  std::int64_t given_up = 0;              // deliveries that will not be tried again
  std::optional<TimePoint> next_attempt;  // after a failure
  bool warn = false;  // the endpoint has been failing for long, told once: write it to the log
  bool more = false;  // more is due at once: take up again
};

// `random` in [0, 1), for the wait.
Settled settle(core::Tx& tx, const Dispatch& dispatch, const Outcome& outcome, double random, TimePoint now);

// Instead of settle(), when the request was not made, or was cut off by this side: nothing was learnt of the
// receiver, and whoever comes next sends it at once. A farewell is lost.
void let_go(core::Tx& tx, const Dispatch& dispatch);

// Removes what the delivery log no longer keeps (delivery.h), at most `limit` rows of each kind. Returns the
// largest number; call again while it returns `limit`.
std::int64_t forget_deliveries(core::Tx& tx, TimePoint now, std::int64_t limit);

}  // namespace latchkey::webhooks
