#include "relay/relay_probe.h"

namespace latchkey::relay {
namespace {

Counter& ended(Metrics& metrics, const char* reason) {
  return metrics.counter("latchkey_relay_connections_ended_total",
                         "Connections of devices that the relay refused or ended", {{"reason", reason}});
}

Counter& packets(Metrics& metrics, const char* direction) {
  return metrics.counter("latchkey_relay_packets_total", "Packets from and to devices",
                         {{"direction", direction}});
}

Counter& bytes(Metrics& metrics, const char* direction) {
  return metrics.counter("latchkey_relay_bytes_total", "Bytes from devices in packets, and to them in all",
                         {{"direction", direction}});
}

Counter& dropped(Metrics& metrics, const char* reason) {
  return metrics.counter("latchkey_relay_packets_dropped_total", "Packets that were not passed on",
                         {{"reason", reason}});
}

Counter& stun(Metrics& metrics, const char* outcome) {
  return metrics.counter("latchkey_relay_stun_packets_total", "Packets at the STUN port",
                         {{"outcome", outcome}});
}

}  // namespace

RelayProbe::RelayProbe(Metrics& metrics)
    : connections_(metrics.gauge("latchkey_relay_connections", "Connected devices")),
      homes_(metrics.gauge("latchkey_relay_home_connections", "Connected devices whose home this relay is")),
      refused_key_(ended(metrics, "not_admitted")),
      refused_handshake_(ended(metrics, "bad_handshake")),
      removed_(ended(metrics, "removed")),
      stalled_(ended(metrics, "stalled")),
      packets_in_(packets(metrics, "in")),
      packets_out_(packets(metrics, "out")),
      bytes_in_(bytes(metrics, "in")),
      bytes_out_(bytes(metrics, "out")),
      dropped_unknown_(dropped(metrics, "not_here")),
      dropped_slow_(dropped(metrics, "queue_full")),
      stun_answered_(stun(metrics, "answered")),
      stun_ignored_(stun(metrics, "ignored")) {}

}  // namespace latchkey::relay
