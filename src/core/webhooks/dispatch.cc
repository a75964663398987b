#include "core/webhooks/dispatch.h"

#include <algorithm>

#include "base/text.h"
#include "core/webhooks/payload.h"
#include "core/webhooks/provider_body.h"
#include "core/webhooks/retry.h"
#include "core/webhooks/signature.h"
#include "core/webhooks/webhook_store.h"
#include "crypto/random.h"

namespace latchkey::webhooks {
namespace {

constexpr std::size_t kMaxError = 256;  // bytes

// Its signature would be refused for its age.
bool is_stale(const Farewell& farewell, TimePoint now) {
  return now - farewell.queued > kSignatureAge;
}

Dispatch dispatch_of(Farewell farewell) {
  Dispatch dispatch;
  dispatch.endpoint = farewell.endpoint;
  dispatch.url = SecretString(std::move(farewell.url));
  dispatch.masked_url = std::move(farewell.masked_url);
  dispatch.body = std::move(farewell.body);
  dispatch.signature = std::move(farewell.signature);
  dispatch.is_farewell = true;
  return dispatch;
}

std::string body_of(Provider format, const std::vector<Delivery>& deliveries) {
  if (format != Provider::generic) return chat_body(format, chat_message_of(deliveries.front().body));
  std::vector<std::string> events;
  events.reserve(deliveries.size());
  for (const auto& delivery : deliveries) events.push_back(delivery.body);
  return batch_json(events);
}

Attempt attempt_of(const Dispatch& dispatch, const Outcome& outcome) {
  Attempt attempt;
  attempt.tailnet = dispatch.endpoint.tailnet;
  attempt.endpoint = dispatch.endpoint.id;
  attempt.at = outcome.began;
  attempt.took = outcome.took;
  attempt.status = outcome.status;
  attempt.error = storable(clip(redact_keys(outcome.error), kMaxError));
  // A cut within a character leaves bytes that become U+FFFD, which are longer.
  attempt.answer = clip(storable(redact_keys(outcome.answer.substr(0, kMaxAnswer))), kMaxAnswer);
  attempt.deliveries = dispatch.deliveries;
  return attempt;
}

// What one request after the other has made of the endpoint.
class Settlement {
 public:
  Settlement(core::Tx& tx, const Dispatch& dispatch, const Outcome& outcome, EndpointHealth health,
             TimePoint now)
      : tx_(tx), dispatch_(dispatch), outcome_(outcome), health_(std::move(health)), now_(now) {
    health_.last_attempt = outcome.began;
    health_.last_status = outcome.status;
    health_.last_error = attempt_of(dispatch, outcome).error;
  }

  void taken() {
    settled_.taken = true;
    health_.failures = 0;
    health_.failing_since.reset();
    health_.warned = false;
    health_.paused_until.reset();
    tx_.webhooks().end_deliveries(dispatch_.endpoint, dispatch_.deliveries, DeliveryState::delivered, now_);
    settled_.more = true;
  }

  // The body is at fault: one of several is looked for by sending them one by one; one alone steps aside.
  void refused(double random) {
    fail();
    auto& store = tx_.webhooks();
    if (dispatch_.deliveries.size() > 1) {
      store.put_off(dispatch_.endpoint, dispatch_.deliveries, now_);
    } else {
      const auto number = dispatch_.deliveries.front();
      const auto delivery = store.delivery(dispatch_.endpoint, number);
      const auto attempts = delivery ? delivery->attempts + 1 : 1;
      const auto next = now_ + retry_wait(attempts, random, outcome_.retry_after);
      store.put_off(dispatch_.endpoint, dispatch_.deliveries, next);
      settled_.next_attempt = next;
    }
    settled_.given_up = store.give_up(dispatch_.endpoint, now_ - kRetryPeriod, now_);
    settled_.more = true;
  }

  // The receiver is in trouble: everything waits.
  void failed(double random) {
    fail();
    auto& store = tx_.webhooks();
    const auto next = now_ + retry_wait(health_.failures, random, outcome_.retry_after);
    health_.paused_until = next;
    settled_.next_attempt = next;
    store.put_off(dispatch_.endpoint, dispatch_.deliveries, now_);
    settled_.given_up = store.give_up(dispatch_.endpoint, now_ - kRetryPeriod, now_);
  }

  Settled end() {
    tx_.webhooks().record(attempt_of(dispatch_, outcome_));
    settled_.lapsed = !tx_.webhooks().end_claim({dispatch_.endpoint, dispatch_.claim, health_});
    return settled_;
  }

 private:
  void fail() {
    ++health_.failures;
    if (!health_.failing_since) health_.failing_since = outcome_.began;
    if (health_.warned || now_ - *health_.failing_since < kPersistentFailure) return;
    health_.warned = true;
    settled_.warn = true;
    tx_.webhooks().announce({audit::ChangeKind::webhook_failing, dispatch_.endpoint.tailnet,
                             dispatch_.endpoint.id.str(), 0, now_});
  }

  core::Tx& tx_;
  const Dispatch& dispatch_;
  const Outcome& outcome_;
  EndpointHealth health_;
  TimePoint now_;
  Settled settled_;
};

}  // namespace

std::vector<EndpointRef> due_endpoints(core::Tx& tx, TimePoint now, std::int64_t limit) {
  return tx.webhooks().due(now, limit);
}

std::optional<TimePoint> next_due(core::Tx& tx, TimePoint now) {
  return tx.webhooks().next_due(now);
}

std::optional<Dispatch> take_up(core::Tx& tx, const WebhookVault& vault, const EndpointRef& endpoint,
                                const std::string& holder, TimePoint now) {
  auto& store = tx.webhooks();
  if (auto farewell = store.take_farewell(endpoint)) {
    if (is_stale(*farewell, now)) return std::nullopt;
    return dispatch_of(*std::move(farewell));
  }
  std::string claim = holder + "." + crypto::random_hex(8);
  if (!store.claim(endpoint, claim, now, now + kClaimLease)) return std::nullopt;
  const auto found = store.find(endpoint.tailnet, endpoint.id);
  if (!found) return std::nullopt;

  const auto format = format_of(*found);
  const bool alone = format != Provider::generic || found->health.failures > 0;
  const auto waiting = store.waiting(endpoint, now, alone ? 1 : static_cast<std::int64_t>(kMaxBatchEvents));
  if (waiting.empty()) {
    store.end_claim({endpoint, claim, found->health});
    return std::nullopt;
  }
  Dispatch dispatch;
  dispatch.endpoint = endpoint;
  dispatch.url = SecretString(found->url);
  dispatch.masked_url = masked_url(*found);
  dispatch.body = body_of(format, waiting);
  dispatch.signature = sign(vault.signing_secrets(*found, now), now, dispatch.body);
  for (const auto& delivery : waiting) dispatch.deliveries.push_back(delivery.number);
  dispatch.claim = std::move(claim);
  return dispatch;
}

Settled settle(core::Tx& tx, const Dispatch& dispatch, const Outcome& outcome, double random, TimePoint now) {
  Settled gone;
  gone.taken = judge(outcome.status) == Answer::taken;
  if (dispatch.is_farewell) return gone;
  auto& store = tx.webhooks();
  const auto found = store.find(dispatch.endpoint.tailnet, dispatch.endpoint.id);
  gone.lapsed = true;
  if (!found) return gone;
  if (!store.holds_claim(dispatch.endpoint, dispatch.claim)) {
    // Somebody else has it. What was taken was taken.
    store.record(attempt_of(dispatch, outcome));
    if (gone.taken) {
      store.end_deliveries(dispatch.endpoint, dispatch.deliveries, DeliveryState::delivered, now);
    }
    return gone;
  }
  Settlement settlement(tx, dispatch, outcome, found->health, now);
  switch (judge(outcome.status)) {
    case Answer::taken:
      settlement.taken();
      break;
    case Answer::refused:
      settlement.refused(random);
      break;
    case Answer::failed:
      settlement.failed(random);
      break;
  }
  return settlement.end();
}

void let_go(core::Tx& tx, const Dispatch& dispatch) {
  if (!dispatch.is_farewell) tx.webhooks().drop_claim(dispatch.endpoint, dispatch.claim);
}

std::int64_t forget_deliveries(core::Tx& tx, TimePoint now, std::int64_t limit) {
  return tx.webhooks().forget(now - kDeliveryRetention, kMaxLogged, limit);
}

}  // namespace latchkey::webhooks
