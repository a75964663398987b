// What happens on the connections, as metrics and access log.
#pragma once

#include <array>

#include "base/log.h"
#include "base/metrics.h"
#include "io/http_server.h"

namespace latchkey::app {

class RequestProbe final : public io::HttpProbe {
 public:
  RequestProbe(Metrics& metrics, Log log, bool log_access);

  void connection_opened(const io::Peer&) override;
  void connection_closed(const io::Peer&) override;
  void connection_refused(const io::Peer& peer) override;
  void request_finished(const io::FinishedRequest& request) override;

 private:
  Log log_;
  bool log_access_;
  Gauge& open_;
  Counter& opened_;
  Counter& refused_;
  Counter& bytes_;
  Histogram& duration_;
  std::array<Counter*, 6> by_class_;  // 1xx to 5xx at their first digit; 0 for anything else
};

// The path of a target as it may be logged: without the query, without keys that a client put there by
// mistake, and not longer than a line can bear.
std::string loggable_path(std::string_view target);

}  // namespace latchkey::app
