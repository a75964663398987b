-- Devices. Times are microseconds since 1970 in UTC; lists are JSON text.

CREATE TABLE devices (
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  id TEXT NOT NULL,
  -- The other id, 1 to 2^53-1; random, so that a removed device's number does not come back.
  number BIGINT NOT NULL UNIQUE,
  -- NULL when tagged: such a device belongs to the tailnet.
  user_id TEXT,
  auth_key_id TEXT,
  machine_key TEXT NOT NULL,
  -- Unique over all tailnets: a connection starts from nothing else.
  node_key TEXT NOT NULL UNIQUE,
  tailnet_lock_key TEXT NOT NULL,
  name TEXT NOT NULL,
  hostname TEXT NOT NULL,
  name_is_chosen BOOLEAN NOT NULL,
  ipv4 TEXT NOT NULL,
  ipv6 TEXT NOT NULL,
  tags TEXT NOT NULL,
  ephemeral BOOLEAN NOT NULL,
  authorized BOOLEAN NOT NULL,
  -- Kept while expiry is disabled.
  key_expires_at BIGINT,
  key_expiry_disabled BOOLEAN NOT NULL,
  expiry_announced BOOLEAN NOT NULL,
  advertised_routes TEXT NOT NULL,
  enabled_routes TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT,
  -- The replica that holds its connection; empty when offline.
  connected_to TEXT NOT NULL,
  -- What the device says of itself.
  disco_key TEXT NOT NULL,
  endpoints TEXT NOT NULL,
  host_info TEXT NOT NULL,
  home_relay BIGINT NOT NULL,
  capability_version BIGINT NOT NULL,
  -- Counts updates of what is above the connection, so that none is undone by one that read before it.
  revision BIGINT NOT NULL,
  PRIMARY KEY (tailnet_id, id),
  UNIQUE (tailnet_id, name),
  UNIQUE (tailnet_id, ipv4)
);
-- One device of a machine for each user, and one for the tailnet itself: of two registrations at once, one makes it.
CREATE UNIQUE INDEX devices_by_machine ON devices (machine_key, tailnet_id, COALESCE(user_id, ''));
CREATE INDEX devices_connected ON devices (connected_to) WHERE connected_to <> '';
CREATE INDEX devices_expiring ON devices (key_expires_at) WHERE NOT key_expiry_disabled AND NOT expiry_announced;
CREATE INDEX devices_ephemeral ON devices (tailnet_id) WHERE ephemeral;
