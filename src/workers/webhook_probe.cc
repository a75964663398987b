#include "workers/webhook_probe.h"

namespace latchkey::workers {
namespace {

Counter& attempts(Metrics& metrics, const char* outcome) {
  return metrics.counter("latchkey_webhook_attempts_total", "Requests to webhook endpoints",
                         {{"outcome", outcome}});
}

double seconds_of(milliseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

}  // namespace

WebhookProbe::WebhookProbe(Metrics& metrics)
    : taken_(attempts(metrics, "taken")),
      refused_(attempts(metrics, "refused")),
      failed_(attempts(metrics, "failed")),
      no_answer_(attempts(metrics, "no_answer")),
      forbidden_(attempts(metrics, "forbidden")),
      duration_(metrics.histogram("latchkey_webhook_attempt_seconds",
                                  "How long requests to webhook endpoints took",
                                  {0.005, 0.02, 0.1, 0.5, 1, 2.5, 5, 10})),
      queued_(metrics.counter("latchkey_webhook_queued_total", "Events queued for webhook endpoints")),
      delivered_(metrics.counter("latchkey_webhook_delivered_total", "Events that webhook endpoints took")),
      given_up_(metrics.counter("latchkey_webhook_given_up_total",
                                "Events that will not be sent to their webhook endpoint any more")),
      under_way_(metrics.gauge("latchkey_webhook_requests", "Requests to webhook endpoints under way")),
      waiting_(metrics.gauge("latchkey_webhook_waiting", "Events that wait for their webhook endpoint")),
      oldest_(metrics.gauge("latchkey_webhook_oldest_seconds",
                            "How long the oldest of the events has waited for its webhook endpoint")) {}

void WebhookProbe::attempt_ended(AttemptOutcome outcome, milliseconds took) {
  duration_.observe(seconds_of(took));
  switch (outcome) {
    case AttemptOutcome::taken:
      return taken_.add();
    case AttemptOutcome::refused:
      return refused_.add();
    case AttemptOutcome::failed:
      return failed_.add();
    case AttemptOutcome::no_answer:
      return no_answer_.add();
    case AttemptOutcome::forbidden:
      return forbidden_.add();
  }
}

void WebhookProbe::delivered(std::int64_t deliveries) {
  delivered_.add(static_cast<double>(deliveries));
}

void WebhookProbe::given_up(std::int64_t deliveries) {
  given_up_.add(static_cast<double>(deliveries));
}

void WebhookProbe::queued(std::int64_t deliveries) {
  queued_.add(static_cast<double>(deliveries));
}

void WebhookProbe::under_way(std::int64_t requests) {
  under_way_.set(static_cast<double>(requests));
}

void WebhookProbe::waiting(std::int64_t deliveries, milliseconds oldest) {
  waiting_.set(static_cast<double>(deliveries));
  oldest_.set(seconds_of(oldest));
}

}  // namespace latchkey::workers
