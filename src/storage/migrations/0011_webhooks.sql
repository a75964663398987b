-- Webhook endpoints with their queues and logs, and what events are made of. Times are microseconds since 1970 in
-- UTC; lists are JSON text.

-- Where in its tailnet's audit log the records of a change are, both inclusive; NULL for what is not in the log.
ALTER TABLE changes ADD COLUMN first_record BIGINT;
ALTER TABLE changes ADD COLUMN last_record BIGINT;

-- Who reads the feed from a position that is kept. What one of them has not taken is not removed.
CREATE TABLE feed_readers (
  name TEXT PRIMARY KEY,
  sequence BIGINT NOT NULL
);
INSERT INTO feed_readers (name, sequence) SELECT 'webhooks', sequence FROM feed_head WHERE id = 1;

-- The whole texts of a change of the policy whose record in the audit log holds their beginnings only.
CREATE TABLE policy_changes (
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  -- Of the record.
  group_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  old_text TEXT NOT NULL,
  new_text TEXT NOT NULL,
  PRIMARY KEY (tailnet_id, group_id)
);
CREATE INDEX policy_changes_by_age ON policy_changes (at);

CREATE TABLE webhook_endpoints (
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  id TEXT NOT NULL,
  url TEXT NOT NULL,
  provider TEXT NOT NULL,
  -- NULL when a trust credential made it.
  creator_id TEXT,
  creator_login TEXT NOT NULL,
  subscriptions TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  -- Public: the second part of the secret's text.
  secret_id TEXT NOT NULL UNIQUE,
  -- Sealed under the root key.
  secret BYTEA NOT NULL,
  old_secret BYTEA,
  old_until BIGINT,
  failures BIGINT NOT NULL,
  failing_since BIGINT,
  warned BOOLEAN NOT NULL,
  paused_until BIGINT,
  last_attempt_at BIGINT,
  last_status BIGINT,
  last_error TEXT NOT NULL,
  -- Whoever sends to it holds a claim.
  claim TEXT NOT NULL,
  claimed_until BIGINT,
  -- The newest numbers given out.
  deliveries BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  PRIMARY KEY (tailnet_id, id)
);

-- An event, once for all endpoints that are told of it. The id comes from its position in the change feed.
CREATE TABLE webhook_events (
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  type TEXT NOT NULL,
  message TEXT NOT NULL,
  -- The element of the body, JSON; bytes of it.
  body TEXT NOT NULL,
  size BIGINT NOT NULL,
  PRIMARY KEY (tailnet_id, id)
);
CREATE INDEX webhook_events_by_age ON webhook_events (at);

CREATE TABLE webhook_deliveries (
  tailnet_id TEXT NOT NULL,
  endpoint_id TEXT NOT NULL,
  -- 1, 2, 3 ... of its endpoint.
  number BIGINT NOT NULL,
  event_id BIGINT NOT NULL,
  state TEXT NOT NULL,
  queued_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  next_attempt_at BIGINT,
  ended_at BIGINT,
  replay_of BIGINT NOT NULL,
  PRIMARY KEY (tailnet_id, endpoint_id, number),
  FOREIGN KEY (tailnet_id, endpoint_id) REFERENCES webhook_endpoints (tailnet_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tailnet_id, event_id) REFERENCES webhook_events (tailnet_id, id)
);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (tailnet_id, endpoint_id, number)
  WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tailnet_id, endpoint_id, next_attempt_at)
  WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (tailnet_id, event_id);
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;

-- One request, which may have carried several deliveries: a JSON list of their numbers.
CREATE TABLE webhook_attempts (
  tailnet_id TEXT NOT NULL,
  endpoint_id TEXT NOT NULL,
  number BIGINT NOT NULL,
  at BIGINT NOT NULL,
  took_ms BIGINT NOT NULL,
  -- NULL when there was no answer.
  status BIGINT,
  error TEXT NOT NULL,
  answer TEXT NOT NULL,
  first_delivery BIGINT NOT NULL,
  last_delivery BIGINT NOT NULL,
  deliveries TEXT NOT NULL,
  PRIMARY KEY (tailnet_id, endpoint_id, number),
  FOREIGN KEY (tailnet_id, endpoint_id) REFERENCES webhook_endpoints (tailnet_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_attempts_by_delivery ON webhook_attempts (tailnet_id, endpoint_id, last_delivery);
CREATE INDEX webhook_attempts_by_age ON webhook_attempts (at);

-- The last request to an endpoint that was deleted: finished, signed, tried once.
CREATE TABLE webhook_farewells (
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  endpoint_id TEXT NOT NULL,
  queued_at BIGINT NOT NULL,
  url TEXT NOT NULL,
  masked_url TEXT NOT NULL,
  body TEXT NOT NULL,
  signature TEXT NOT NULL,
  PRIMARY KEY (tailnet_id, endpoint_id)
);

-- What was told of a credential: the shortest time before its expiry, in days; the use before the last one; how often
-- it was refused since when, and when that was told.
ALTER TABLE credentials ADD COLUMN warned_days BIGINT;
ALTER TABLE credentials ADD COLUMN previous_use_at BIGINT;
ALTER TABLE credentials ADD COLUMN refusals_from BIGINT;
ALTER TABLE credentials ADD COLUMN refusals BIGINT NOT NULL DEFAULT 0;
ALTER TABLE credentials ADD COLUMN refusals_told_at BIGINT;

-- The same of a node key, and of which date: another date is another warning.
ALTER TABLE devices ADD COLUMN warned_days BIGINT;
ALTER TABLE devices ADD COLUMN warned_expiry BIGINT;

-- Whether the device says that its system does not forward what it advertises.
ALTER TABLE devices ADD COLUMN forwarding_off BOOLEAN NOT NULL DEFAULT FALSE;
