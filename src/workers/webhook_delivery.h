// Sends to webhook endpoints what waits for them, and queues what happened. core/webhooks decides; here is
// the work: when to look, how many at once, the requests, the writing down.
//
//   WebhookDelivery delivery(runtime, context, vault, settings);
//   delivery.start(console_url);
//   delivery.wake();        // something happened: at every change, from any thread, cheap
//   delivery.stop();        // before the runtime stops: requests under way get a moment to end
//
// Each endpoint has one request under way at a time, so its events stay in order, and takes one of kParallel
// places while it lasts. Endpoints whose last request failed share half of the places, so that however many
// receivers are dead, those that answer are served. Several replicas may do this at once: claims in the
// database keep them apart (core/webhooks/dispatch.h).
#pragma once

#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

#include "core/webhooks/dispatch.h"
#include "core/webhooks/queue_news.h"
#include "io/http_client.h"
#include "workers/periodic.h"
#include "workers/webhook_probe.h"

namespace latchkey::workers {

struct WebhookSettings {
  io::AddressGuard guard;
  bool allow_http = false;
  std::string ca_file;  // empty: the system's authorities
  // No other replica can be there, so claims from before the start are a dead process' own.
  bool alone = false;
};

class WebhookDelivery {
 public:
  static constexpr std::size_t kParallel = 64;

  // All of these outlive the runtime's tasks.
  WebhookDelivery(io::Runtime& runtime, WorkContext& context, const webhooks::WebhookVault& vault,
                  WebhookSettings settings);
  ~WebhookDelivery();
  WebhookDelivery(const WebhookDelivery&) = delete;
  WebhookDelivery& operator=(const WebhookDelivery&) = delete;

  // The console's address is for links in events: "https://latchkey.example/admin".
  void start(std::string console_url);
  void wake();
  // Takes up nothing more and waits so long for what is under way. The rest is cut off, and sent again by
  // whoever is there. Safe to call twice.
  void stop(milliseconds patience = milliseconds(5000));

 private:
  using Timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>, io::Executor>;
  using Next = std::optional<webhooks::Dispatch>;

  io::awaitable<void> run();
  io::awaitable<void> rest();
  io::awaitable<void> take_turn();
  io::awaitable<Result<void>> free_old_claims();
  io::awaitable<Result<void>> queue_what_happened();
  io::awaitable<Result<void>> begin_what_is_due();
  io::awaitable<Result<void>> measure();

  void begin(const webhooks::EndpointRef& endpoint);
  io::awaitable<void> serve(webhooks::EndpointRef endpoint, bool was_failing);
  io::awaitable<Result<void>> send_all(webhooks::EndpointRef endpoint);
  io::awaitable<Result<Next>> take_up(webhooks::EndpointRef endpoint);
  io::awaitable<Result<Next>> settle(webhooks::Dispatch dispatch, webhooks::Outcome outcome, bool go_on);
  io::awaitable<Result<void>> let_go(webhooks::Dispatch dispatch);
  void note(const webhooks::Dispatch& dispatch, const webhooks::Outcome& outcome,
            const webhooks::Settled& settled);

  io::Runtime& runtime_;
  WorkContext& context_;
  const webhooks::WebhookVault& vault_;
  webhooks::NewsContext news_context_;
  const bool alone_;
  WebhookProbe probe_;
  io::HttpClient client_;
  std::atomic<bool> woken_{true};
  std::atomic<bool> stopping_{false};

  // Of the one thread on which all of this runs.
  Timer timer_;
  bool freed_old_claims_ = false;
  std::unordered_set<std::string> busy_;     // endpoints with a request under way
  std::unordered_set<std::string> failing_;  // whose last request failed
  std::size_t busy_failing_ = 0;
  bool places_are_short_ = false;
  TimePoint look_again_{};
  TimePoint queued_{};
  TimePoint measured_{};

  // For stop().
  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t tasks_ = 0;
};

// Of a Retry-After header: seconds, or a date (RFC 9110 section 10.2.3).
std::optional<seconds> retry_after_of(std::string_view text, TimePoint now);

}  // namespace latchkey::workers
