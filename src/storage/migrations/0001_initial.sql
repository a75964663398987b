-- One text for SQLite and PostgreSQL. Times are microseconds since 1970 in UTC; lists are JSON text.

-- What binds this database to its server: the public check value of the root key.
CREATE TABLE installation (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE tailnets (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL
);

CREATE TABLE users (
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  id TEXT NOT NULL,
  login_name TEXT NOT NULL,
  login_folded TEXT NOT NULL,
  display_name TEXT NOT NULL,
  role TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (tailnet_id, id),
  UNIQUE (tailnet_id, login_folded)
);
-- Exactly one owner.
CREATE UNIQUE INDEX users_owner ON users (tailnet_id) WHERE role = 'owner';

CREATE TABLE credentials (
  -- Ids are unique over all tailnets: authentication starts from nothing else.
  id TEXT PRIMARY KEY,
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  type TEXT NOT NULL,
  description TEXT NOT NULL,
  -- NULL when the tailnet owns it.
  owner_id TEXT,
  creator_id TEXT,
  -- HMAC-SHA-256 of the whole key text; the text itself is nowhere.
  digest BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT,
  spent_at BIGINT,
  -- Set with revoked_at, spent_at, or when its expiry was announced; retention counts from here.
  ended_at BIGINT,
  reusable BOOLEAN NOT NULL,
  ephemeral BOOLEAN NOT NULL,
  preauthorized BOOLEAN NOT NULL,
  tags TEXT NOT NULL,
  allowed_hostnames TEXT NOT NULL,
  -- NULL: any number.
  use_limit BIGINT,
  uses BIGINT NOT NULL,
  last_used_at BIGINT,
  last_address TEXT NOT NULL,
  -- Presentations of the true secret after the end.
  refused BIGINT NOT NULL,
  last_refused_at BIGINT
);
CREATE INDEX credentials_by_owner ON credentials (tailnet_id, owner_id, created_at);
CREATE INDEX credentials_running ON credentials (expires_at) WHERE ended_at IS NULL;
CREATE INDEX credentials_ended ON credentials (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE redemptions (
  tailnet_id TEXT NOT NULL,
  credential_id TEXT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
  machine TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (credential_id, machine)
);

CREATE TABLE audit_records (
  tailnet_id TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  at BIGINT NOT NULL,
  group_id TEXT NOT NULL,
  origin TEXT NOT NULL,
  credential_id TEXT NOT NULL,
  address TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  request_id TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  actor_type TEXT NOT NULL,
  actor_login TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  target_id TEXT NOT NULL,
  target_name TEXT NOT NULL,
  target_type TEXT NOT NULL,
  target_property TEXT NOT NULL,
  action TEXT NOT NULL,
  old_value TEXT,
  new_value TEXT,
  details TEXT NOT NULL,
  error TEXT NOT NULL,
  -- HMAC over the link before and all members above (core/audit/chain.h).
  link BYTEA NOT NULL,
  PRIMARY KEY (tailnet_id, sequence)
);
CREATE INDEX audit_records_by_time ON audit_records (tailnet_id, at);
CREATE INDEX audit_records_by_age ON audit_records (at);

-- Both ends of each tailnet's chain: the last record written, and the last one removed after its retention.
CREATE TABLE audit_chains (
  tailnet_id TEXT PRIMARY KEY,
  head_sequence BIGINT NOT NULL,
  head_link BYTEA NOT NULL,
  tail_sequence BIGINT NOT NULL,
  tail_link BYTEA NOT NULL
);

-- The change feed. Updating feed_head is the last step before COMMIT and serialises it, so that sequences are in
-- commit order on every engine.
CREATE TABLE changes (
  sequence BIGINT PRIMARY KEY,
  tailnet_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL
);
CREATE INDEX changes_by_age ON changes (at);

CREATE TABLE feed_head (
  id BIGINT PRIMARY KEY,
  sequence BIGINT NOT NULL
);
INSERT INTO feed_head (id, sequence) VALUES (1, 0);

-- Periodic work runs on the replica that holds its lease.
CREATE TABLE leases (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  until BIGINT NOT NULL
);
