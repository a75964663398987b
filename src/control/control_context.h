// What the parts of the control protocol share. Outlives every connection.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/token_buckets.h"
#include "control/failed_joins.h"
#include "control/login_wait.h"
#include "control/map/hub.h"
#include "core/join/join.h"
#include "crypto/x25519.h"
#include "io/database.h"

namespace latchkey::control {

// Of each address: a handshake costs four X25519 operations before anything is known about who asks for it.
struct HandshakeLimit {
  double per_second = 500;
  double burst = 5000;  // lets a site behind one address come back at once after a restart
};

struct ControlContext {
  ControlContext(io::Database& database, const Clock& time, Log to, join::JoinContext joining,
                 crypto::X25519KeyPair server_key, MapHub& maps, Metrics& metrics, HandshakeLimit limit = {})
      : db(database),
        clock(time),
        log(std::move(to)),
        join(std::move(joining)),
        key(std::move(server_key)),
        hub(maps),
        initiations(limit.per_second, limit.burst, 65'536),
        handshakes(metrics.counter("latchkey_control_handshakes_total", "Connections that devices opened")),
        handshakes_refused(metrics.counter("latchkey_control_handshakes_refused_total",
                                           "Connections refused: not for this server's key")),
        handshakes_throttled(metrics.counter("latchkey_control_handshakes_throttled_total",
                                             "Connections refused: too many from one address")),
        joins(metrics.counter("latchkey_registrations_total", "Registrations accepted")),
        joins_refused(metrics.counter("latchkey_registrations_refused_total", "Registrations refused")) {}

  io::Database& db;
  const Clock& clock;
  Log log;
  join::JoinContext join;
  crypto::X25519KeyPair key;  // the server's, which clients learn from /key and keep
  MapHub& hub;
  TokenBuckets initiations;  // by address
  FailedJoins failed_joins;
  LoginWaits login_waits;
  // Where people reach this server. Empty: where the device does, with the scheme.
  std::string public_url;
  std::string scheme = "http";
  Counter& handshakes;
  Counter& handshakes_refused;
  Counter& handshakes_throttled;
  Counter& joins;
  Counter& joins_refused;
};

}  // namespace latchkey::control
