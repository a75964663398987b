#include "app/request_probe.h"

#include "base/text.h"

namespace latchkey::app {
namespace {

constexpr std::size_t kLongestPath = 256;
constexpr std::size_t kLongestMethod = 32;

Counter* class_counter(Metrics& metrics, const char* status_class) {
  return &metrics.counter("latchkey_http_requests_total", "Answered requests by class of status",
                          {{"class", status_class}});
}

// A client can put anything there, also a key.
std::string loggable_method(std::string_view method) {
  return std::string(clip(redact_keys(method), kLongestMethod));
}

}  // namespace

RequestProbe::RequestProbe(Metrics& metrics, Log log, bool log_access)
    : log_(std::move(log)),
      log_access_(log_access),
      open_(metrics.gauge("latchkey_http_connections", "Open connections")),
      opened_(metrics.counter("latchkey_http_connections_opened_total", "Connections accepted")),
      refused_(metrics.counter("latchkey_http_connections_refused_total", "Connections over a limit")),
      bytes_(metrics.counter("latchkey_http_response_bytes_total", "Bytes of answers, with headers")),
      duration_(metrics.histogram(
          "latchkey_http_request_duration_seconds", "From the first byte to the answer",
          {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1})),
      by_class_{class_counter(metrics, "other"), class_counter(metrics, "1xx"),
                class_counter(metrics, "2xx"),   class_counter(metrics, "3xx"),
                class_counter(metrics, "4xx"),   class_counter(metrics, "5xx")} {}

void RequestProbe::connection_opened(const io::Peer&) {
  open_.add(1);
  opened_.add();
}

void RequestProbe::connection_closed(const io::Peer&) {
  open_.add(-1);
}

void RequestProbe::connection_refused(const io::Peer& peer) {
  refused_.add();
  log_.warn("connection refused", {{"address", peer.address}});
}

void RequestProbe::request_finished(const io::FinishedRequest& request) {
  const int status_class = request.status / 100;
  by_class_.at(status_class >= 1 && status_class <= 5 ? static_cast<std::size_t>(status_class) : 0)->add();
  bytes_.add(static_cast<double>(request.response_bytes));
  duration_.observe(static_cast<double>(request.duration.count()) / 1e6);
  if (!log_access_ || !log_.enabled(LogLevel::info)) return;
  log_.info("request",
            {{"request", request.id},
             {"method", loggable_method(request.method)},
             {"path", loggable_path(request.target)},
             {"status", request.status},
             {"micros", request.duration.count()},
             {"bytes", request.response_bytes},
             {"address", request.peer.local_socket ? std::string_view("local") : request.peer.address}});
}

std::string loggable_path(std::string_view target) {
  // Decoded first: an escaped hyphen must not hide a key.
  const auto path = percent_decode(target.substr(0, target.find('?')));
  if (!path) return "(invalid escape)";
  std::string shown = *path;
  // Who has an invite's link comes in.
  constexpr std::string_view kInvite = "/invite/";
  if (const auto invite = shown.find(kInvite); invite != std::string::npos) {
    shown.replace(invite + kInvite.size(), std::string::npos, "***");
  }
  return std::string(clip(redact_keys(shown), kLongestPath));
}

}  // namespace latchkey::app
