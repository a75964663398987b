-- Devices that wait for a person to complete their login. They belong to no tailnet yet.
CREATE TABLE pending_logins (
  id TEXT PRIMARY KEY,
  machine_key TEXT NOT NULL,
  node_key TEXT NOT NULL UNIQUE,
  old_node_key TEXT NOT NULL,
  tailnet_lock_key TEXT NOT NULL,
  wanted_expiry BIGINT,
  host_info TEXT NOT NULL,
  hostname TEXT NOT NULL,
  requested_tags TEXT NOT NULL,
  routable_ips TEXT NOT NULL,
  ephemeral BOOLEAN NOT NULL,
  capability_version BIGINT NOT NULL,
  address TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX pending_logins_by_address ON pending_logins (address);
CREATE INDEX pending_logins_by_expiry ON pending_logins (expires_at);
