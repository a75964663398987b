#include "workers/webhook_delivery.h"

#include <time.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <charconv>

#include "base/text.h"
#include "core/webhooks/retry.h"
#include "core/webhooks/signature.h"
#include "core/webhooks/webhook_store.h"
#include "crypto/random.h"
#include "io/runtime.h"
#include "workers/webhook_work.h"

namespace latchkey::workers {
namespace {

using webhooks::Dispatch;
using webhooks::EndpointRef;
using webhooks::Outcome;
using webhooks::Settled;

// All of it runs on one of the runtime's threads and needs no locks.
constexpr std::size_t kThread = 0;
// What nobody wakes for: a date that another replica set, a delivery that is repeated at somebody's wish.
constexpr milliseconds kPoll{1000};
// Changes that come close together are queued together.
constexpr milliseconds kGather{50};
constexpr seconds kMeasure{15};
constexpr int kRequestsInTurn = 32;
constexpr std::size_t kMostRemembered = 100'000;

AttemptOutcome outcome_of(const Outcome& outcome, bool forbidden) {
  if (forbidden) return AttemptOutcome::forbidden;
  if (!outcome.status) return AttemptOutcome::no_answer;
  switch (webhooks::judge(outcome.status)) {
    case webhooks::Answer::taken:
      return AttemptOutcome::taken;
    case webhooks::Answer::refused:
      return AttemptOutcome::refused;
    case webhooks::Answer::failed:
      return AttemptOutcome::failed;
  }
  return AttemptOutcome::failed;
}

io::OutboundRequest request_of(const Dispatch& dispatch) {
  io::OutboundRequest request;
  request.method = "POST";
  request.url = dispatch.url.expose();
  request.headers = {{"Content-Type", "application/json"}};
  if (!dispatch.signature.empty()) {
    request.headers.emplace_back(webhooks::kSignatureHeader, dispatch.signature);
  }
  request.body = dispatch.body;
  request.connect_patience = webhooks::kConnectTimeout;
  request.patience = webhooks::kRequestTimeout;
  request.most_bytes = webhooks::kMaxAnswer;
  return request;
}

double random_fraction() {
  return static_cast<double>(crypto::random_bits() >> 11) * 0x1.0p-53;
}

}  // namespace

std::optional<seconds> retry_after_of(std::string_view text, TimePoint now) {
  std::int64_t count = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failed == std::errc{} && end == text.data() + text.size() && count >= 0) return seconds{count};
  tm parts{};
  const std::string zeroed(text);
  const char* rest = ::strptime(zeroed.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  const auto at = TimePoint{seconds{::timegm(&parts)}};
  return std::max(seconds{0}, std::chrono::ceil<seconds>(at - now));
}

WebhookDelivery::WebhookDelivery(io::Runtime& runtime, WorkContext& context,
                                 const webhooks::WebhookVault& vault, WebhookSettings settings)
    : runtime_(runtime),
      context_(context),
      vault_(vault),
      alone_(settings.alone),
      probe_(context.metrics),
      client_({.guard = std::move(settings.guard),
               .allow_http = settings.allow_http,
               .ca_file = std::move(settings.ca_file),
               .most_parallel = kParallel,
               .most_waiting = kParallel}),
      timer_(runtime.context(kThread).get_executor()) {}

WebhookDelivery::~WebhookDelivery() {
  stop(milliseconds(0));
}

void WebhookDelivery::start(std::string console_url) {
  news_context_.console_url = std::move(console_url);
  {
    const std::lock_guard lock(mutex_);
    ++tasks_;
  }
  runtime_.spawn_on(kThread, "webhook delivery", [this] { return run(); });
}

void WebhookDelivery::wake() {
  if (woken_.exchange(true)) return;
  boost::asio::post(runtime_.context(kThread), [this] { timer_.cancel(); });
}

void WebhookDelivery::stop(milliseconds patience) {
  if (stopping_.exchange(true)) return;
  if (!runtime_.running()) return client_.stop();
  wake();
  std::unique_lock lock(mutex_);
  const auto over = [this] { return tasks_ == 0; };
  if (ended_.wait_for(lock, patience, over)) return;
  lock.unlock();
  client_.stop();  // who waits is told
  lock.lock();
  ended_.wait_for(lock, seconds(1), over);
}

namespace {

// Counts a task for as long as it runs.
class Running {
 public:
  Running(std::mutex& mutex, std::condition_variable& ended, std::size_t& tasks)
      : mutex_(mutex), ended_(ended), tasks_(tasks) {}
  ~Running() {
    const std::lock_guard lock(mutex_);
    if (--tasks_ == 0) ended_.notify_all();
  }
  Running(const Running&) = delete;

 private:
  std::mutex& mutex_;
  std::condition_variable& ended_;
  std::size_t& tasks_;
};

}  // namespace

io::awaitable<void> WebhookDelivery::run() {
  const Running running(mutex_, ended_, tasks_);
  while (!stopping_) {
    co_await take_turn();
    co_await rest();
  }
}

io::awaitable<void> WebhookDelivery::rest() {
  const auto now = context_.clock.now();
  const auto wait = std::clamp(std::chrono::ceil<milliseconds>(look_again_ - now), milliseconds(5), kPoll);
  timer_.expires_after(wait);
  if (woken_ || stopping_) co_return;
  using Token = boost::asio::as_tuple_t<boost::asio::use_awaitable_t<io::Executor>>;
  co_await timer_.async_wait(Token{});
}

// Exceptions end a turn, not the work.
io::awaitable<void> WebhookDelivery::take_turn() {
  std::string reason;
  try {
    woken_ = false;
    auto done = co_await free_old_claims();
    if (done) done = co_await queue_what_happened();
    if (done) done = co_await begin_what_is_due();
    if (done) done = co_await measure();
    if (done) co_return;
    reason = done.error().message;
  } catch (const boost::system::system_error&) {
    throw;  // cancelled: the server stops
  } catch (const std::exception& failure) {
    reason = failure.what();
  }
  look_again_ = context_.clock.now() + kPoll;
  context_.log.error("webhook delivery failed", {{"reason", reason}});
}

io::awaitable<Result<void>> WebhookDelivery::free_old_claims() {
  if (freed_old_claims_ || !alone_) co_return Result<void>();
  auto work = [](core::Tx& tx) -> Result<void> {
    tx.webhooks().drop_claims();
    return {};
  };
  CO_TRY(co_await context_.db.write(std::move(work)));
  freed_old_claims_ = true;
  co_return Result<void>();
}

io::awaitable<Result<void>> WebhookDelivery::queue_what_happened() {
  if (const auto since = context_.clock.now() - queued_; since >= seconds(0) && since < kGather) {
    co_await io::sleep_for(std::chrono::ceil<milliseconds>(kGather - since));
  }
  CO_TRY(const auto queued, co_await queue_webhook_news(context_, news_context_));
  if (queued > 0) queued_ = context_.clock.now();
  probe_.queued(queued);
  co_return Result<void>();
}

io::awaitable<Result<void>> WebhookDelivery::begin_what_is_due() {
  struct Due {
    std::vector<EndpointRef> endpoints;
    std::optional<TimePoint> next;
  };
  const auto now = context_.clock.now();
  // So many that behind all those that have no place, as many stand that have one.
  const auto limit = static_cast<std::int64_t>(kParallel + failing_.size());
  auto look = [limit, now](core::Tx& tx) -> Result<Due> {
    return Due{webhooks::due_endpoints(tx, now, limit), webhooks::next_due(tx, now)};
  };
  CO_TRY(const auto due, co_await context_.db.read(std::move(look)));
  places_are_short_ = false;
  for (const auto& endpoint : due.endpoints) {
    if (busy_.contains(endpoint.id.str())) continue;
    const bool failing = failing_.contains(endpoint.id.str());
    const bool place = busy_.size() < kParallel && (!failing || busy_failing_ < kParallel / 2);
    if (place) begin(endpoint);
    places_are_short_ = places_are_short_ || !place;
  }
  // Whoever ends wakes those that wait for a place.
  look_again_ = places_are_short_ ? now + kPoll : due.next.value_or(now + kPoll);
  co_return Result<void>();
}

io::awaitable<Result<void>> WebhookDelivery::measure() {
  const auto now = context_.clock.now();
  probe_.under_way(static_cast<std::int64_t>(busy_.size()));
  if (now - measured_ < kMeasure) co_return Result<void>();
  measured_ = now;
  auto look = [](core::Tx& tx) -> Result<webhooks::QueueState> { return tx.webhooks().queue_state(); };
  CO_TRY(const auto queue, co_await context_.db.read(std::move(look)));
  const auto oldest = queue.oldest ? std::chrono::floor<milliseconds>(now - *queue.oldest) : milliseconds(0);
  probe_.waiting(queue.waiting, oldest);
  co_return Result<void>();
}

void WebhookDelivery::begin(const EndpointRef& endpoint) {
  if (stopping_) return;
  const bool failing = failing_.contains(endpoint.id.str());
  busy_.insert(endpoint.id.str());
  if (failing) ++busy_failing_;
  {
    const std::lock_guard lock(mutex_);
    ++tasks_;
  }
  runtime_.spawn_on(kThread, "webhook requests",
                    [this, endpoint, failing] { return serve(endpoint, failing); });
}

io::awaitable<void> WebhookDelivery::serve(EndpointRef endpoint, bool was_failing) {
  const Running running(mutex_, ended_, tasks_);
  std::string reason;
  try {
    const auto sent = co_await send_all(endpoint);
    if (!sent) reason = sent.error().message;
  } catch (const boost::system::system_error&) {
    reason = "the server is stopping";
  } catch (const std::exception& failure) {
    reason = failure.what();
  }
  if (!reason.empty()) {
    context_.log.error("webhook request not written down; it will be sent again",
                       {{"endpoint", endpoint.id.str()}, {"reason", reason}});
  }
  busy_.erase(endpoint.id.str());
  if (was_failing) --busy_failing_;
  wake();
}

io::awaitable<Result<void>> WebhookDelivery::send_all(EndpointRef endpoint) {
  CO_TRY(auto next, co_await take_up(endpoint));
  for (int sent = 1; next; ++sent) {
    const auto began = context_.clock.now();
    auto answer = co_await client_.send(request_of(*next));
    if (answer.abandoned) co_return co_await let_go(std::move(*next));
    Outcome outcome;
    outcome.began = began;
    outcome.took = answer.took;
    if (answer.status != 0) outcome.status = answer.status;
    outcome.retry_after = retry_after_of(answer.header("Retry-After"), context_.clock.now());
    outcome.answer = std::move(answer.body);
    if (answer.status == 0) outcome.error = std::move(answer.error);
    probe_.attempt_ended(outcome_of(outcome, answer.forbidden), outcome.took);
    // A place is handed on when others wait for one.
    const bool go_on = !stopping_ && (sent < kRequestsInTurn || !places_are_short_);
    CO_TRY(next, co_await settle(std::move(*next), std::move(outcome), go_on));
  }
  co_return Result<void>();
}

io::awaitable<Result<WebhookDelivery::Next>> WebhookDelivery::take_up(EndpointRef endpoint) {
  auto work = [this, endpoint, now = context_.clock.now()](core::Tx& tx) -> Result<Next> {
    return webhooks::take_up(tx, vault_, endpoint, context_.replica, now);
  };
  co_return co_await context_.db.write(std::move(work));
}

// One commit: what became of this request, and the next one.
io::awaitable<Result<WebhookDelivery::Next>> WebhookDelivery::settle(Dispatch dispatch, Outcome outcome,
                                                                     bool go_on) {
  struct Step {
    Settled settled;
    Next next;
  };
  auto work = [this, go_on, &dispatch, &outcome, random = random_fraction(),
               now = context_.clock.now()](core::Tx& tx) -> Result<Step> {
    Step step{webhooks::settle(tx, dispatch, outcome, random, now), std::nullopt};
    if (go_on && step.settled.more) {
      step.next = webhooks::take_up(tx, vault_, dispatch.endpoint, context_.replica, now);
    }
    return step;
  };
  CO_TRY(auto step, co_await context_.db.write(std::move(work)));
  note(dispatch, outcome, step.settled);
  co_return std::move(step.next);
}

io::awaitable<Result<void>> WebhookDelivery::let_go(Dispatch dispatch) {
  auto work = [&dispatch](core::Tx& tx) -> Result<void> {
    webhooks::let_go(tx, dispatch);
    return {};
  };
  co_return co_await context_.db.write(std::move(work));
}

void WebhookDelivery::note(const Dispatch& dispatch, const Outcome& outcome, const Settled& settled) {
  const auto& endpoint = dispatch.endpoint.id.str();
  if (settled.taken) {
    failing_.erase(endpoint);
    probe_.delivered(static_cast<std::int64_t>(dispatch.deliveries.size()));
  } else if (!dispatch.is_farewell) {
    if (failing_.size() >= kMostRemembered) failing_.clear();
    failing_.insert(endpoint);
  }
  if (settled.given_up > 0) {
    probe_.given_up(settled.given_up);
    context_.log.warn("webhook events given up after a day of failures",
                      {{"tailnet", dispatch.endpoint.tailnet.str()},
                       {"endpoint", endpoint},
                       {"url", dispatch.masked_url},
                       {"events", settled.given_up}});
  }
  if (settled.warn) {
    context_.log.warn("webhook endpoint keeps failing", {{"tailnet", dispatch.endpoint.tailnet.str()},
                                                         {"endpoint", endpoint},
                                                         {"url", dispatch.masked_url},
                                                         {"status", outcome.status.value_or(0)},
                                                         {"reason", outcome.error}});
  }
}

}  // namespace latchkey::workers
