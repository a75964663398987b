-- Configuration that is kept for clients: posture integrations, log streams, services. Lists are JSON text. Secrets are
-- sealed under a key that comes from the root key (crypto/seal.h).

CREATE TABLE posture_integrations (
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  id TEXT NOT NULL,
  provider TEXT NOT NULL,
  cloud_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  directory_id TEXT NOT NULL,
  sealed_secret BYTEA NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (tailnet_id, id),
  UNIQUE (tailnet_id, provider)
);

CREATE TABLE log_streams (
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  log_type TEXT NOT NULL,
  destination TEXT NOT NULL,
  url TEXT NOT NULL,
  user_name TEXT NOT NULL,
  upload_period_minutes BIGINT NOT NULL,
  compression TEXT NOT NULL,
  s3_bucket TEXT NOT NULL,
  s3_region TEXT NOT NULL,
  s3_key_prefix TEXT NOT NULL,
  s3_authentication TEXT NOT NULL,
  s3_access_key_id TEXT NOT NULL,
  s3_role_arn TEXT NOT NULL,
  s3_external_id TEXT NOT NULL,
  gcs_bucket TEXT NOT NULL,
  gcs_key_prefix TEXT NOT NULL,
  gcs_scopes TEXT NOT NULL,
  gcs_credentials TEXT NOT NULL,
  -- NULL: the destination takes none.
  sealed_token BYTEA,
  sealed_s3_secret BYTEA,
  PRIMARY KEY (tailnet_id, log_type)
);

-- What a role of another AWS account may ask for before it lets this tailnet's logs in.
CREATE TABLE aws_external_ids (
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  id TEXT NOT NULL,
  reusable BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  -- The AWS account whose role a log stream named with it; empty before.
  linked_account TEXT NOT NULL,
  PRIMARY KEY (tailnet_id, id)
);

CREATE TABLE services (
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  name TEXT NOT NULL,
  ipv4 TEXT NOT NULL,
  ipv6 TEXT NOT NULL,
  display_name TEXT NOT NULL,
  comment TEXT NOT NULL,
  -- A JSON object of texts.
  annotations TEXT NOT NULL,
  ports TEXT NOT NULL,
  tags TEXT NOT NULL,
  PRIMARY KEY (tailnet_id, name),
  UNIQUE (tailnet_id, ipv4),
  UNIQUE (tailnet_id, ipv6)
);

-- Every IPv4 address in use, of devices and services alike, so that none is given out twice.
CREATE TABLE addresses (
  tailnet_id TEXT NOT NULL,
  ipv4 TEXT NOT NULL,
  device_id TEXT,
  service TEXT,
  PRIMARY KEY (tailnet_id, ipv4),
  FOREIGN KEY (tailnet_id, device_id) REFERENCES devices (tailnet_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tailnet_id, service) REFERENCES services (tailnet_id, name) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX addresses_by_device ON addresses (tailnet_id, device_id) WHERE device_id IS NOT NULL;
CREATE INDEX addresses_by_service ON addresses (tailnet_id, service) WHERE service IS NOT NULL;
INSERT INTO addresses (tailnet_id, ipv4, device_id) SELECT tailnet_id, ipv4, id FROM devices;
